/// What padding, truncation and lengths of a call come down to.
struct Limits: Sendable {
    var padding: Tokenizer.Padding
    var truncation: Tokenizer.Truncation
    /// `nil` only if neither truncation nor `Padding.maxLength` is in effect.
    var maxLength: Int?
    var multiple: Int?
    /// How many tokens of what was cut before are repeated in each overflowing part.
    var stride: Int
    var paddingSide: Tokenizer.Side
    var truncationSide: Tokenizer.Side
    var returnsOverflow: Bool

    init(
        _ tokenizer: Tokenizer, padding: Tokenizer.Padding, truncation: Tokenizer.Truncation, maxLength: Int?,
        stride: Int = 0, padToMultipleOf: Int? = nil, paddingSide: Tokenizer.Side? = nil,
        truncationSide: Tokenizer.Side? = nil, returnsOverflow: Bool = false
    ) throws(TokenizerError) {
        if let maxLength, maxLength < 0 { throw .argument("maxLength", maxLength, "at least 0", python: "max_length") }
        if stride < 0 { throw .argument("stride", stride, "at least 0", python: "stride") }
        if let padToMultipleOf, !(1...Int(Int32.max)).contains(padToMultipleOf) {
            throw .argument(
                "padToMultipleOf", padToMultipleOf, "from 1 to \(Int32.max)", python: "pad_to_multiple_of")
        }
        (self.padding, self.truncation, self.maxLength) = (padding, truncation, maxLength)
        multiple = padToMultipleOf
        self.stride = stride
        self.paddingSide = paddingSide ?? tokenizer.paddingSide
        self.truncationSide = truncationSide ?? tokenizer.truncationSide
        self.returnsOverflow = returnsOverflow
        if maxLength != nil, padding == .none, truncation == .none { self.truncation = .longestFirst }
        if maxLength == nil {
            let limit = tokenizer.modelMaxLength == Int.max ? nil : tokenizer.modelMaxLength
            if padding == .maxLength {
                if limit == nil { self.padding = .none } else { self.maxLength = limit }
            }
            if self.truncation != .none {
                if limit == nil { self.truncation = .none } else { self.maxLength = limit }
            }
        }
        if self.padding == .maxLength, let length = self.maxLength, length > Int(Int32.max) {
            throw TokenizerError(
                "padding to \(length) tokens is asked for, which no memory holds",
                remedy: "Give a maxLength, or set model_max_length in tokenizer_config.json.",
                commandLine: "Give --max-length, or set model_max_length in tokenizer_config.json.")
        }
        if self.padding != .none, tokenizer.padTokenID == nil {
            throw TokenizerError(
                "padding is asked for, but the tokenizer has no padding token",
                remedy: "Set pad_token in tokenizer_config.json, or add one with adding(specialTokens: [.pad: ...]).",
                commandLine: "Set pad_token in tokenizer_config.json.",
                kind: .noSpecialToken)
        }
        if self.truncation != .none, self.padding != .none, let multiple, let length = self.maxLength,
            length % multiple != 0
        {
            throw TokenizerError(
                "truncation to \(length) tokens does not go with padding to a multiple of \(multiple)",
                remedy: "Choose a maxLength that is a multiple of padToMultipleOf.")
        }
        if self.truncation != .none, let length = self.maxLength {
            let added = tokenizer.specialTokenCount(isPair: false)
            if stride > max(0, length - added) {
                throw TokenizerError(
                    "the stride of \(stride) tokens is not below what maxLength \(length) leaves beside "
                        + "\(added) special tokens",
                    remedy: "Choose a smaller stride or a larger maxLength.",
                    commandLine: "Choose a smaller --doc-stride or a larger --max-length.")
            }
        }
    }

    /// How long rows become whose longest is `longest`; `nil` for no padding.
    func paddedLength(longest: Int) -> Int? {
        let length: Int
        switch padding {
        case .none: return nil
        case .longest: length = longest
        case .maxLength: length = maxLength ?? longest
        }
        guard let multiple, length % multiple != 0 else { return length }
        return length + multiple - length % multiple
    }
}
