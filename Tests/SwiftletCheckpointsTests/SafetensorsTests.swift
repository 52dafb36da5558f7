import SwiftletCheckpoints
import SwiftletIO
import SwiftletTensor
import SwiftletTestSupport
import Testing

@Suite(.oneAtATime) struct SafetensorsTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    // t = torch.tensor; T = {"b": t([1., 2., 3.]), "a": t([[1, 2]]), "h": t([.5, -1.], dtype=torch.float16),
    //   "bf": t([1.5], dtype=torch.bfloat16), "flag": t([True, False, True]), "empty": torch.zeros(0, 3),
    //   "u": t([7], dtype=torch.uint8), "i": t([-7], dtype=torch.int32), "d": t(2.5, dtype=torch.float64),
    //   "é\n": t([-1], dtype=torch.int16), "s": t([3, -4], dtype=torch.int8)}
    // print(safetensors.torch.save(T, metadata={"format": "pt"}))
    static let pythonHeader = #"""
        {"__metadata__":{"format":"pt"},"a":{"dtype":"I64","shape":[1,2],"data_offsets":[0,16]},"d":{"dtype":"F64","shape":[],"data_offsets":[16,24]},"b":{"dtype":"F32","shape":[3],"data_offsets":[24,36]},"empty":{"dtype":"F32","shape":[0,3],"data_offsets":[36,36]},"i":{"dtype":"I32","shape":[1],"data_offsets":[36,40]},"bf":{"dtype":"BF16","shape":[1],"data_offsets":[40,42]},"h":{"dtype":"F16","shape":[2],"data_offsets":[42,46]},"é\n":{"dtype":"I16","shape":[1],"data_offsets":[46,48]},"s":{"dtype":"I8","shape":[2],"data_offsets":[48,50]},"u":{"dtype":"U8","shape":[1],"data_offsets":[50,51]},"flag":{"dtype":"BOOL","shape":[3],"data_offsets":[51,54]}}
        """# + "      "
    static let pythonData: [UInt8] = [
        1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 64, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64,
        64,
        249, 255, 255, 255, 192, 63, 0, 56, 0, 188, 255, 255, 3, 252, 7, 1, 0, 1,
    ]

    static func bytes(_ header: String, _ data: [UInt8], length: Int? = nil) -> [UInt8] {
        let count = UInt64(length ?? header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + Array(header.utf8) + data
    }

    static let pythonBytes = bytes(pythonHeader, pythonData)

    static func tensors() -> [(String, Tensor)] {
        [
            ("b", Tensor([1, 2, 3] as [Float], shape: [3])), ("a", Tensor([1, 2], shape: [1, 2])),
            ("h", Tensor([0.5, -1] as [Float], shape: [2]).to(.float16)),
            ("bf", Tensor([1.5] as [Float], shape: [1]).to(.bfloat16)),
            ("flag", Tensor([true, false, true], shape: [3])), ("empty", .zeros([0, 3])),
            ("u", .full([1], 7, dtype: .uint8)), ("i", Tensor([-7] as [Int32], shape: [1])),
            ("d", Tensor(2.5, dtype: .float64)), ("é\n", .full([1], -1, dtype: .int16)),
            ("s", Tensor([3, -4], shape: [2]).to(.int8)),
        ]
    }

    /// As the library's version 0.8.0 reads and refuses them.
    @Test func `fields that are given twice, and metadata that is null`() throws {
        let rest = #""shape":[1],"data_offsets":[0,4]"#
        let tensor = #""a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#
        func file(_ header: String) throws -> SafetensorsFile {
            let path = folder.file("header.safetensors")
            try AtomicFile.write(Self.bytes(header, [0, 0, 128, 63]), to: path)
            return try SafetensorsFile(path)
        }
        for (header, metadata) in [
            (#"{"__metadata__":null,\#(tensor)}"#, [:]),
            (#"{"__metadata\u005f_":{"a":"1","a":"2"},\#(tensor)}"#, ["a": "2"]),
            (#"{"a":{"\u0064type":"F32",\#(rest)}}"#, [:]), (#"{"a":["F32",[1],[0,4]]}"#, [:]),
            (#"{"a":{"dtype":"F32",\#(rest),"x":{"dtype":1},"x":["dtype","dtype"]}}"#, [:]),
            (#"{"a":{"dtype":"I32",\#(rest)},\#(tensor)}"#, [:]),
            (#"{"__metadata__":{"dtype":"1","dtype":"2"},\#(tensor)}"#, ["dtype": "2"]),
        ] as [(String, [TextKey: String])] {
            let read = try file(header)
            #expect(read.metadata == metadata, "\(header)")
            #expect(try read.names == ["a"] && read.tensor("a").item() == 1, "\(header)")
        }
        for (header, field) in [
            (#"{"__metadata__":{"a":"1"},"__metadata__":{"a":"2"},\#(tensor)}"#, "__metadata__"),
            (#"{"__metadata__":null,\#(tensor),"__metadata\u005f_" : {}}"#, "__metadata__"),
            (#"{"a":{"dtype":"F32","dtype":"F32",\#(rest)}}"#, "dtype"),
            (#"{"a":{"dtype":"F32","\u0064type" :"F32",\#(rest)}}"#, "dtype"),
            (#"{"a":{"shape":[1],"dtype":"F32",\#(rest)}}"#, "shape"),
            (#"{"a":{"dtype":"F32",\#(rest),"data_offsets":[0,4]}}"#, "data_offsets"),
        ] {
            let error = #expect(throws: SafetensorsError.self, "\(header)") { try file(header) }
            #expect(error?.message.contains("two fields '\(field)'") == true, "\(error?.message ?? header)")
        }
        for header in [#"{"__metadata__":[],\#(tensor)}"#, #"{"a":["F32",[1]]}"#, #"{"a":["F32",[1],[0,4],1]}"#] {
            #expect(throws: SafetensorsError.self, "\(header)") { try file(header) }
        }
    }

    @Test func `reads what Python writes, zero-copy and after the file has gone`() throws {
        let path = folder.file("python.safetensors")
        try AtomicFile.write(Self.pythonBytes, to: path)
        var tensors: [String: Tensor] = [:]
        do {
            let file = try SafetensorsFile(path)
            #expect(file.names == ["a", "d", "b", "empty", "i", "bf", "h", "é\n", "s", "u", "flag"])
            #expect(file.metadata == ["format": "pt"])
            #expect(try file.shape(of: "empty") == [0, 3] && file.dtype(of: "bf") == .bfloat16)
            for name in file.names { tensors[name] = try file.tensor(name) }
            let error = try #require(throws: SafetensorsError.self) { try file.tensor("missing") }
            #expect(error.description.contains(path) && error.description.contains("'missing'"))
        }
        try FileSystem.remove(path)
        for (name, expected) in Self.tensors() {
            let actual = try #require(tensors[name])
            #expect(actual.shape == expected.shape && actual.dtype == expected.dtype)
            #expect(actual.doubles() == expected.doubles())
        }
    }

    @Test func `writes the bytes that Python writes`() throws {
        let path = folder.file("swift.safetensors")
        try Safetensors.write(Self.tensors(), metadata: ["format": "pt"], to: path)
        let file = try MappedFile(path)
        let isSame = withExtendedLifetime(file) { file.bytes.elementsEqual(Self.pythonBytes) }
        #expect(isSame)
        let matrix = Tensor.arange(6).reshape([2, 3]).transpose(0, 1)
        try Safetensors.write([("t", matrix)], to: path)
        #expect(try SafetensorsFile(path).tensor("t").ints() == [0, 3, 1, 4, 2, 5])
        try Safetensors.write([], metadata: [:], to: path)
        #expect(try SafetensorsFile(path).names.isEmpty)
        for names in [["x", "x"], ["__metadata__"]] {
            #expect(throws: SafetensorsError.self) {
                try Safetensors.write(names.map { ($0, matrix) }, to: path)
            }
        }
        #expect(throws: FileError.self) { try Safetensors.write([("t", matrix)], to: "/proc/nowhere/x.safetensors") }
    }

    @Test func `what is written to a tensor stays out of the file`() throws {
        let path = folder.file("kept.safetensors")
        try AtomicFile.write(Self.pythonBytes, to: path)
        let (file, other) = (try SafetensorsFile(path), try SafetensorsFile(path))
        let (tensor, before) = (try file.tensor("b"), try other.tensor("b"))
        tensor.mul_(-1)
        #expect(tensor.floats() == [-1, -2, -3] && before.floats() == [1, 2, 3])
        #expect(try SafetensorsFile(path).tensor("b").floats() == [1, 2, 3])
        let written = try MappedFile(path)
        #expect(withExtendedLifetime(written) { Array(written.bytes) } == Self.pythonBytes)
    }

    @Test func `elements that are not aligned are copied`() throws {
        let path = folder.file("odd.safetensors")
        let header = #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
        for padding in 0..<8 {
            let padded = header + String(repeating: " ", count: padding)
            try AtomicFile.write(Self.bytes(padded, [0, 0, 128, 63]), to: path)
            #expect(try SafetensorsFile(path).tensor("x").floats() == [1])
        }
    }

    private static func one(
        dtype: String = #""F32""#, shape: String = "[1]", offsets: String = "[0,4]", more: String = ""
    ) -> String {
        #"{"x":{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}\#(more)}"#
    }

    static let damaged: [(String, [UInt8], String)] = [
        ("empty", [], "0 bytes"),
        ("shorter than the length", [1, 2, 3], "3 bytes"),
        ("length beyond the file", bytes(one(), [], length: 1000), "ends in its header"),
        ("length beyond reason", bytes(one(), [0, 0, 0, 0], length: .max), "header a length"),
        ("a pickle", Array("PK\u{3}\u{4} archive/data.pkl and more".utf8), "safetensors file?"),
        ("not JSON", bytes("{\"x\": ", []), "not JSON"),
        ("not UTF-8", bytes("{}", []).dropLast(2) + [0xFF, 0xFE], "not JSON"),
        ("an array", bytes("[1, 2]", []), "a list"),
        ("not an object", bytes(#"{"x": 1}"#, []), "'x'"),
        ("no dtype", bytes(#"{"x":{"shape":[1],"data_offsets":[0,4]}}"#, [0, 0, 0, 0]), "no dtype"),
        ("unknown dtype", bytes(one(dtype: #""F8_E4M3""#), [0, 0, 0, 0]), "F8_E4M3"),
        ("dtype of a wrong kind", bytes(one(dtype: "3"), [0, 0, 0, 0]), "no dtype"),
        ("negative size", bytes(one(shape: "[-1]"), [0, 0, 0, 0]), "no shape"),
        ("fractional size", bytes(one(shape: "[1.0]"), [0, 0, 0, 0]), "no shape"),
        ("overflowing shape", bytes(one(shape: "[4611686018427387904,4]"), [0, 0, 0, 0]), "too large"),
        ("overflow hidden by zero", bytes(one(shape: "[0,4611686018427387904,4]", offsets: "[0,0]"), []), "too large"),
        ("one offset", bytes(one(offsets: "[0]"), [0, 0, 0, 0]), "data_offsets"),
        ("end before begin", bytes(one(offsets: "[4,0]"), [0, 0, 0, 0]), "before its begin"),
        ("beyond the data", bytes(one(shape: "[2]", offsets: "[0,8]"), [0, 0, 0, 0]), "holds 4 bytes"),
        ("shape and bytes differ", bytes(one(shape: "[2]"), [0, 0, 0, 0]), "takes 8 bytes"),
        ("bytes left over", bytes(one(), [0, 0, 0, 0, 0]), "1 bytes after"),
        ("a hole", bytes(one(offsets: "[4,8]"), Array(repeating: 0, count: 8)), "hole"),
        (
            "overlap",
            bytes(one(more: #","y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}"#), Array(repeating: 0, count: 6)),
            "overlaps"
        ),
        ("metadata of a wrong kind", bytes(#"{"__metadata__":[]}"#, []), "__metadata__"),
        ("metadata that is no string", bytes(#"{"__metadata__":{"a":1}}"#, []), "'a'"),
    ]

    @Test(arguments: damaged)
    func `damaged files are errors that name the file`(name: String, bytes: [UInt8], mentioned: String) throws {
        let path = folder.file("damaged.safetensors")
        try AtomicFile.write(bytes, to: path)
        let error = try #require(throws: SafetensorsError.self) { try SafetensorsFile(path) }
        #expect(error.description.contains(path))
        #expect(error.description.contains(mentioned))
        // The remedy is said once, and what is said of the file is said of no tensor.
        let lines = error.description.split(separator: "\n")
        #expect(lines.count == 2 && lines[0] != lines[1] && !lines[0].contains("tensor 'has "))
    }

    @Test func `types that are not read do no harm to tensors beside them`() throws {
        let path = folder.file("types.safetensors")
        let header = #"""
            {"f8":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},"x":{"dtype":"U8","shape":[1],"data_offsets":[2,3]},\#
            "f4":{"dtype":"F4","shape":[2,3],"data_offsets":[3,6]},"c":{"dtype":"C64","shape":[1],"data_offsets":[6,14]}}
            """#
        try AtomicFile.write(Self.bytes(header, [1, 2, 3] + Array(repeating: 0, count: 11)), to: path)
        let file = try SafetensorsFile(path)
        #expect(file.names == ["f8", "x", "f4", "c"])
        #expect(try file.tensor("x").ints() == [3] && file.shape(of: "f4") == [2, 3])
        for (name, dtype) in [("f8", "F8_E4M3"), ("f4", "F4"), ("c", "C64")] {
            let error = try #require(throws: SafetensorsError.self) { try file.tensor(name) }
            #expect(error.kind == .unsupported && error.message.contains(dtype) && error.location.tensor == name)
            #expect(throws: SafetensorsError.self) { try file.dtype(of: name) }
        }
        for (dtype, shape, mentioned) in [("F4", "[3]", "12 bits"), ("F3", "[1]", "which the format doesn't have")] {
            let header = #"{"x":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":[0,1]}}"#
            try AtomicFile.write(Self.bytes(header, [0]), to: path)
            let error = try #require(throws: SafetensorsError.self) { try SafetensorsFile(path) }
            #expect(error.message.contains(mentioned), "\(error.message)")
        }
    }

    @Test func `names in two forms of one text are two tensors`() throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        let path = folder.file("model.safetensors")
        try Safetensors.write(
            [(composed, .ones([1])), (decomposed, .zeros([1]))],
            metadata: [TextKey(composed): "a", TextKey(decomposed): "b"],
            to: path)
        let file = try SafetensorsFile(path)
        #expect(file.names.areSame(as: [decomposed, composed]))
        #expect(try file.tensor(composed).item() == 1 && file.tensor(decomposed).item() == 0)
        #expect(file.metadata[TextKey(composed)] == "a" && file.metadata[TextKey(decomposed)] == "b")
        // Tensors without elements leave no hole that would tell.
        try Safetensors.write([(composed, .zeros([0])), (decomposed, .zeros([0, 2]))], to: path)
        let sharded = try ShardedSafetensors(folder.path)
        #expect(try sharded.shape(of: composed) == [0] && sharded.shape(of: decomposed) == [0, 2])
    }

    @Test func `a folder with one file, with shards, and with neither`() throws {
        #expect(throws: FileError.self) { try ShardedSafetensors(folder.path) }
        try Safetensors.write([("x", .ones([2]))], to: folder.file("a.safetensors"))
        try Safetensors.write([("y", .zeros([1]))], to: folder.file("b.safetensors"))
        let index = folder.file("model.safetensors.index.json")
        try AtomicFile.write(
            #"{"metadata": {"total_size": 12}, "weight_map": {"y": "b.safetensors", "x": "a.safetensors"}}"#, to: index)
        let sharded = try ShardedSafetensors(folder.path)
        #expect(try sharded.names == ["x", "y"] && sharded.tensor("x").floats() == [1, 1])
        #expect(try sharded.shape(of: "y") == [1] && sharded.dtype(of: "y") == .float32)
        #expect(throws: SafetensorsError.self) { try sharded.tensor("z") }

        for (text, mentioned) in [
            (#"{"weight_map": {"z": "a.safetensors"}}"#, "'z'"),
            (#"{"weight_map": {"x": "c.safetensors"}}"#, "c.safetensors"),
            (#"{"weight_map": {"x": "../a.safetensors"}}"#, "'x'"), (#"{"weight_map": {"x": 1}}"#, "'x'"),
            (#"{"weight_map": 1}"#, "weight_map"), ("{", "index.json"),
        ] {
            try AtomicFile.write(text, to: index)
            let error = try #require(throws: (any Error).self) { try ShardedSafetensors(folder.path) }
            #expect("\(error)".contains(mentioned) && error is any SwiftletError)
        }
        try Safetensors.write([("w", .ones([1]))], to: folder.file("model.safetensors"))
        #expect(try ShardedSafetensors(folder.path).names == ["w"])
    }

    @Test func `white space before the header is none of its business`() throws {
        let header = #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
        for start in ["", " ", "  \n\t\r "] {
            try AtomicFile.write(Self.bytes(start + header, [7]), to: folder.file("a.safetensors"))
            #expect(try SafetensorsFile(folder.file("a.safetensors")).tensor("a").ints() == [7])
        }
        for other in ["\u{feff}" + header, " [\(header)]", "x\(header)", " "] {
            try AtomicFile.write(Self.bytes(other, [7]), to: folder.file("a.safetensors"))
            #expect(throws: SafetensorsError.self, "\(other)") { try SafetensorsFile(folder.file("a.safetensors")) }
        }
    }

    @Test func `shapes of many dimensions are refused`() throws {
        for (rank, isRead) in [(64, true), (65, false), (20_000, false)] {
            let shape = [String](repeating: "1", count: rank).joined(separator: ",")
            let header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[\(shape)],\"data_offsets\":[0,1]}}"
            try AtomicFile.write(Self.bytes(header, [7]), to: folder.file("a.safetensors"))
            let file = try? SafetensorsFile(folder.file("a.safetensors"))
            #expect((file != nil) == isRead)
            if let file { #expect(try file.tensor("a").count == 1) }
        }
    }

    @Test(
        .enabled(
            if: FileSystem.isDirectory(Locations.shared("cases/robust/safetensors")),
            "needs the cases beside the package"),
        arguments: [
            "safetensors/signal4-1-563", "safetensors/signal4-11-12524", "torch/slow-12-1634", "torch/slow-12-1649",
        ])
    func `weight files that stopped or held up a reader once`(_ name: String) throws {
        let path = Locations.shared("cases/robust/\(name)")
        let names: [String]
        do {
            let file = try WeightFolder(path)
            names = file.names
            for name in names { _ = try file.tensor(name).count }
        } catch let error as any SwiftletError {
            #expect(!error.message.isEmpty)
        }
    }
}
