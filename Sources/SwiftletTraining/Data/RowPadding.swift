import SwiftletIO
import SwiftletTensor
import SwiftletTokenizers

/// To which length the rows of a batch are filled up, as `tokenizer.pad` of transformers decides it.
struct PaddingPlan: Sendable {
    private let padding: Tokenizer.Padding
    /// Of `maxLength`, rounded up already.
    private let target: Int?
    private let multiple: Int
    let padsLeft: Bool

    /// - Parameter maxLength: only for padding to it; where it is `nil`, the longest sequence that the model takes.
    /// - Throws: `TrainingError` for numbers that make no sense, and for padding to a length that nothing names.
    init(
        _ tokenizer: Tokenizer, _ padding: Tokenizer.Padding, maxLength: Int?, multipleOf multiple: Int?
    ) throws(TrainingError) {
        if let multiple, !(1...Int(Int32.max)).contains(multiple) {
            throw TrainingError(
                "padToMultipleOf is \(multiple); it must be from 1 to \(Int32.max)",
                remedy: "Leave it out for no multiple.", kind: .invalidArgument,
                at: ErrorLocation(option: "pad_to_multiple_of"))
        }
        self.padding = padding
        self.multiple = multiple ?? 1
        padsLeft = tokenizer.paddingSide == .left
        guard padding == .maxLength else {
            guard maxLength == nil else {
                throw TrainingError(
                    "maxLength is given, but padding is not to it",
                    remedy: "Set padding: .maxLength, or leave maxLength out.", kind: .invalidArgument,
                    at: ErrorLocation(option: "max_length"))
            }
            target = nil
            return
        }
        let length = maxLength ?? tokenizer.modelMaxLength
        guard (1...Int(Int32.max)).contains(length) else {
            throw TrainingError(
                maxLength == nil
                    ? "padding to maxLength needs one: the tokenizer names no model_max_length"
                    : "maxLength is \(length); it must be from 1 to \(Int32.max)",
                remedy: "Give a maxLength, such as 128.", kind: .invalidArgument,
                at: ErrorLocation(option: "max_length"))
        }
        target = Self.rounded(length, to: self.multiple)
    }

    /// Rows that are filled up to nothing: they must all have one length.
    static let none = PaddingPlan()

    private init() { (padding, target, multiple, padsLeft) = (.none, nil, 1, false) }

    private static func rounded(_ length: Int, to multiple: Int) -> Int {
        (length + multiple - 1) / multiple * multiple
    }

    /// - Throws: `TrainingError` for a row that is longer than what rows are filled up to.
    func check(length: Int) throws(TrainingError) {
        guard let target, length > target else { return }
        throw TrainingError(
            "the row has \(length) tokens, and rows are padded to \(target)",
            remedy: "Tokenize with truncation: true, maxLength: \(target), or pad to the longest row.",
            kind: .invalidData)
    }

    /// The common length of rows.
    ///
    /// - Parameter what: of which they have that many, such as tokens.
    func length(of lengths: [Int], _ what: String = "tokens") throws(TrainingError) -> Int {
        for length in lengths { try check(length: length) }
        guard let longest = lengths.max(), target ?? longest > 0 else {
            throw TrainingError("a batch without \(what) can't be padded", kind: .invalidData)
        }
        switch padding {
        case .longest: return Self.rounded(longest, to: multiple)
        case .maxLength: return target ?? longest
        case .none:
            guard lengths.allSatisfy({ $0 == longest }) else {
                throw TrainingError(
                    "the rows of one batch have \(lengths) \(what), and padding is off",
                    remedy: "Set padding: .longest, or give rows of one length.", kind: .invalidData)
            }
            return longest
        }
    }

    /// The common length of labels that are lists of their own, as those of texts to be written: their longest, rounded
    /// up, or what `maxLength` says.
    func labelLength(of lengths: [Int], maxLength: Int?) throws(TrainingError) -> Int {
        guard padding != .none else { return try length(of: lengths, "labels") }
        let longest = lengths.max() ?? 0
        let length = padding == .maxLength ? maxLength ?? longest : longest
        let rounded = Self.rounded(length, to: multiple)
        guard longest <= rounded else {
            throw TrainingError(
                "a row has \(longest) labels, and labels are padded to \(rounded)",
                remedy: "Cut the labels to \(rounded), or pad to the longest row.", kind: .invalidData)
        }
        return rounded
    }
}

/// Fills the rows of a batch up to one length, on the tokenizer's side.
struct RowPadding {
    let length: Int
    let padsLeft: Bool

    /// int64 `[rows, length]`
    func tensor(_ rows: [[Int]], filler: Int) -> Tensor {
        Tensor(values(rows, filler: filler), shape: [rows.count, length])
    }

    /// int64 `[rows, length]`
    func tensor(_ rows: [[Int32]], filler: Int) -> Tensor { tensor(rows.map { $0.map(Int.init) }, filler: filler) }

    /// All rows with their filling, one after another.
    func values<Element>(_ rows: [[Element]], filler: Element) -> [Element] {
        var values = [Element](repeating: filler, count: rows.count * length)
        for (row, items) in rows.enumerated() {
            let start = row * length + (padsLeft ? length - items.count : 0)
            for (offset, item) in items.enumerated() { values[start + offset] = item }
        }
        return values
    }
}
