import Swiftlet

let checkpoint = ".deps/models/all-MiniLM-L6-v2"
let raw = try loadDataset(folder: "Sources/SwiftletCLI/Resources/paraphrases")
print(raw)
