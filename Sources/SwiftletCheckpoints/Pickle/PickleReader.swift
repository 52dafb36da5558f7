import SwiftletIO
import SwiftletTensor

/// Reads the pickles that `torch.save` writes for tensors, and refuses all else: it knows the opcodes that make numbers,
/// texts, tuples, lists, dictionaries and tensors, and no others, and runs nothing.
struct PickleReader {
    private let bytes: UnsafeRawBufferPointer
    private let path: String
    /// Where the next pickle begins, in bytes.
    private(set) var position: Int
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var lists: [[PickleValue]] = []
    private var dicts: [[(PickleValue, PickleValue)]] = []
    /// Entries copied from one container to another; a pickle that asks for more than it has bytes means harm.
    private var copied = 0

    /// The tensors of a pickled dictionary, in its order.
    ///
    /// - Throws: `PickleError` naming the opcode, import or key that is refused.
    static func tensors(
        _ bytes: UnsafeRawBufferPointer, path: String
    ) throws(PickleError) -> [(name: String, tensor: PickleTensor)] {
        var reader = PickleReader(bytes, path: path)
        return try reader.tensors()
    }

    /// - Parameter position: where the first of several pickles that follow each other begins.
    init(_ bytes: UnsafeRawBufferPointer, path: String, at position: Int = 0) {
        self.bytes = bytes
        self.path = path
        self.position = position
    }

    /// The next pickle's tensors.
    mutating func tensors() throws(PickleError) -> [(name: String, tensor: PickleTensor)] {
        guard case .dict(let index) = try next() else {
            throw problem("holds no dictionary of tensors", PickleError.convert)
        }
        var result: [(name: String, tensor: PickleTensor)] = []
        for (key, value) in dicts[index] {
            guard case .string(let name) = key else { throw problem("has a tensor whose name is no text") }
            guard case .tensor(let tensor) = value else {
                throw problem("holds under '\(name)' something that is no tensor", PickleError.convert)
            }
            result.append((name, tensor))
        }
        return result
    }

    /// The next pickle's list of texts.
    mutating func texts() throws(PickleError) -> [String] {
        // On its own line: the reader must have read before it is asked for the items.
        let list = try next()
        var texts: [String] = []
        for item in try items(list) {
            guard case .string(let text) = item else { throw problem("has a list of something else than texts") }
            texts.append(text)
        }
        return texts
    }

    /// The next pickle's dictionary, as far as its keys are texts.
    mutating func dictionary() throws(PickleError) -> [TextKey: PickleValue] {
        guard case .dict(let index) = try next() else { throw problem("holds no dictionary where one should be") }
        return texts(dicts[index])
    }

    private func texts(_ pairs: [(PickleValue, PickleValue)]) -> [TextKey: PickleValue] {
        var result: [TextKey: PickleValue] = [:]
        for (key, value) in pairs { if case .string(let name) = key { result[TextKey(name)] = value } }
        return result
    }

    /// Reads one pickle. What another one has remembered means nothing to it.
    mutating func next() throws(PickleError) -> PickleValue {
        (stack, marks, memo) = ([], [], [:])
        while true {
            let start = position
            let opcode = try byte()
            switch opcode {
            case 0x80:  // PROTO
                let version = try byte()
                guard (2...5).contains(version) else { throw problem("is a pickle of version \(version)") }
            case 0x95: _ = try take(8)  // FRAME
            case UInt8(ascii: "."): return try pop()
            case UInt8(ascii: "("): marks.append(stack.count)
            case UInt8(ascii: "N"): stack.append(.none)
            case 0x88: stack.append(.bool(true))
            case 0x89: stack.append(.bool(false))
            case UInt8(ascii: "K"): stack.append(.int(try number(1)))
            case UInt8(ascii: "M"): stack.append(.int(try number(2)))
            case UInt8(ascii: "J"): stack.append(.int(Int(Int32(truncatingIfNeeded: try number(4)))))
            case 0x8A: stack.append(.int(try long()))
            case UInt8(ascii: "G"): stack.append(.float(try float()))
            case UInt8(ascii: "X"): stack.append(.string(try text(4)))
            case 0x8C: stack.append(.string(try text(1)))
            // Texts of Python 2.
            case UInt8(ascii: "U"): stack.append(.string(try text(1)))
            case UInt8(ascii: "T"): stack.append(.string(try text(4)))
            case 0x8D: stack.append(.string(try text(8)))
            case UInt8(ascii: "c"): stack.append(.function(try function(line(), line())))
            case 0x93:  // STACK_GLOBAL
                guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
                    throw problem("imports something without a name")
                }
                stack.append(.function(try function(module, name)))
            case UInt8(ascii: ")"): stack.append(tuple([]))
            case 0x85, 0x86, 0x87:  // TUPLE1 to TUPLE3
                var items: [PickleValue] = []
                for _ in 0..<(opcode - 0x84) { items.insert(try pop(), at: 0) }
                stack.append(tuple(items))
            case UInt8(ascii: "t"): stack.append(tuple(try popToMark()))
            case UInt8(ascii: "]"):
                lists.append([])
                stack.append(.list(lists.count - 1))
            case UInt8(ascii: "a"): try extend([try pop()])
            case UInt8(ascii: "e"): try extend(try popToMark())
            case UInt8(ascii: "}"): stack.append(dict([]))
            case UInt8(ascii: "s"):
                let value = try pop()
                try set([try pop(), value])
            case UInt8(ascii: "u"): try set(try popToMark())
            case UInt8(ascii: "q"): memo[try number(1)] = try top()
            case UInt8(ascii: "r"): memo[try number(4)] = try top()
            case 0x94: memo[memo.count] = try top()
            case UInt8(ascii: "h"): stack.append(try remembered(try number(1)))
            case UInt8(ascii: "j"): stack.append(try remembered(try number(4)))
            case UInt8(ascii: "Q"): stack.append(.storage(try storage(try pop())))
            case UInt8(ascii: "R"):
                let arguments = try items(try pop())
                guard case .function(let function) = try pop() else {
                    throw problem("calls something that is no function")
                }
                stack.append(try make(function, arguments))
            case UInt8(ascii: "b"):
                // An OrderedDict's attributes, such as versions of modules. Nothing here needs them.
                _ = try pop()
                guard case .dict = try top() else { throw problem("sets attributes of what is no dictionary") }
            default:
                throw problem(
                    "has opcode 0x\(String(opcode, radix: 16)) at byte \(start) of its pickle, which tensors don't need",
                    PickleError.convert)
            }
        }
    }

    // MARK: What opcodes make

    private func function(_ module: String, _ name: String) throws(PickleError) -> PickleFunction {
        guard let function = PickleFunction(module: module, name: name) else {
            if PickleFunction.isOfOtherTensors(module: module, name: name) {
                throw PickleError(
                    path: path, problem: "holds tensors of a kind that isn't read (\(module).\(name))",
                    remedy: "Load the file in Python and save the other tensors as safetensors.", kind: .unsupported)
            }
            throw problem(
                "imports '\(module).\(name)', which tensors don't need; nothing was run",
                "Don't load this file in Python either, unless you trust where it comes from.")
        }
        return function
    }

    private mutating func make(
        _ function: PickleFunction, _ arguments: [PickleValue]
    ) throws(PickleError) -> PickleValue {
        switch function {
        case .orderedDict:
            guard let first = arguments.first else { return dict([]) }
            var pairs: [(PickleValue, PickleValue)] = []
            copied += try items(first).count
            guard copied <= bytes.count else { throw problem("makes more entries than it has bytes") }
            for pair in try items(first) {
                let parts = try items(pair)
                guard parts.count == 2 else { throw problem("has a dictionary whose parts are no pairs") }
                pairs.append((parts[0], parts[1]))
            }
            return dict(pairs)
        case .rebuildTensor:
            // After the strides: whether it has a gradient, hooks, and what else its values mean.
            guard (4...7).contains(arguments.count), case .storage(let storage) = arguments[0],
                case .int(let offset) = arguments[1]
            else { throw problem("describes a tensor in an unknown way") }
            return .tensor(
                PickleTensor(
                    storage: storage, offset: offset, shape: try integers(arguments[2]),
                    strides: try integers(arguments[3]),
                    isNegated: arguments.count == 7 ? try isNegated(arguments[6], storage.dtype) : false))
        case .rebuildParameter:
            guard let first = arguments.first, case .tensor = first else {
                throw problem("describes a parameter in an unknown way")
            }
            return first
        case .storageType: throw problem("makes a storage in an unknown way")
        }
    }

    /// The flags of a lazy negation or conjugation. What isn't known may change the values, so it is refused.
    private func isNegated(_ value: PickleValue, _ dtype: DType) throws(PickleError) -> Bool {
        if case .none = value { return false }
        guard case .dict(let index) = value else { throw problem("describes a tensor in an unknown way") }
        var isNegated = false
        for (key, value) in dicts[index] {
            guard case .string(let name) = key, case .bool(let flag) = value, ["neg", "conj"].contains(name) else {
                throw problem("says something about a tensor that is not known", PickleError.convert)
            }
            guard flag else { continue }
            guard name == "neg", dtype != .bool else {
                throw problem("has a tensor of \(dtype.name) that is marked as '\(name)'")
            }
            isNegated = true
        }
        return isNegated
    }

    /// `("storage", type, key, device, count)`, before PyTorch 1.6 with a sixth: `None`, or
    /// `(key of the part, begin, count)`.
    private func storage(_ value: PickleValue) throws(PickleError) -> PickleStorage {
        let parts = try items(value)
        guard parts.count == 5 || parts.count == 6, case .string("storage") = parts[0],
            case .function(.storageType(let dtype)) = parts[1],
            case .string(let key) = parts[2], case .int(let count) = parts[4]
        else { throw problem("describes a storage in an unknown way") }
        var storage = PickleStorage(dtype: dtype, key: key, count: count)
        if parts.count == 6, case .tuple(let index) = parts[5] {
            let view = lists[index]
            guard view.count == 3, case .int(let start) = view[1], case .int(let length) = view[2], start >= 0,
                length >= 0,
                start <= count, length <= count - start
            else { throw problem("describes a part of a storage in an unknown way") }
            storage.part = start..<start + length
        }
        return storage
    }

    private mutating func tuple(_ items: [PickleValue]) -> PickleValue {
        lists.append(items)
        return .tuple(lists.count - 1)
    }

    private mutating func dict(_ pairs: [(PickleValue, PickleValue)]) -> PickleValue {
        dicts.append(pairs)
        return .dict(dicts.count - 1)
    }

    private func items(_ value: PickleValue) throws(PickleError) -> [PickleValue] {
        switch value {
        case .tuple(let index), .list(let index): return lists[index]
        default: throw problem("has a single value where a list should be")
        }
    }

    private func integers(_ value: PickleValue) throws(PickleError) -> [Int] {
        let items = try items(value)
        guard items.count <= 64 else { throw problem("has a tensor of \(items.count) dimensions") }
        var numbers: [Int] = []
        for item in items {
            guard case .int(let number) = item else { throw problem("has a shape that is not of whole numbers") }
            numbers.append(number)
        }
        return numbers
    }

    private mutating func extend(_ items: [PickleValue]) throws(PickleError) {
        guard case .list(let index) = try top() else { throw problem("appends to what is no list") }
        lists[index] += items
    }

    private mutating func set(_ items: [PickleValue]) throws(PickleError) {
        guard case .dict(let index) = try top(), items.count % 2 == 0 else {
            throw problem("sets entries of what is no dictionary")
        }
        for position in stride(from: 0, to: items.count, by: 2) {
            dicts[index].append((items[position], items[position + 1]))
        }
    }

    // MARK: Stack and bytes

    private func top() throws(PickleError) -> PickleValue {
        guard let value = stack.last, stack.count > marks.last ?? 0 else { throw problem("has a damaged pickle") }
        return value
    }

    private mutating func pop() throws(PickleError) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func popToMark() throws(PickleError) -> [PickleValue] {
        guard let mark = marks.popLast(), mark <= stack.count else { throw problem("has a damaged pickle") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private func remembered(_ key: Int) throws(PickleError) -> PickleValue {
        guard let value = memo[key] else { throw problem("refers to a value that it doesn't have") }
        return value
    }

    private mutating func take(_ count: Int) throws(PickleError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= bytes.count - position else { throw problem("has a pickle that is cut off") }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    private mutating func byte() throws(PickleError) -> UInt8 { try take(1)[0] }

    /// Little-endian, not negative; too large a one is no length.
    private mutating func number(_ count: Int) throws(PickleError) -> Int {
        var value: UInt64 = 0
        for (index, byte) in try take(count).enumerated() { value |= UInt64(byte) << (8 * index) }
        guard let number = Int(exactly: value) else { throw problem("has a damaged pickle") }
        return number
    }

    /// A number of any length, of which tensors need up to 64 bits.
    private mutating func long() throws(PickleError) -> Int {
        let length = try number(1)
        guard length <= 8 else { throw problem("has a number of \(length) bytes") }
        let parts = try take(length)
        guard let last = parts.last else { return 0 }
        var value: UInt64 = last >= 0x80 ? .max : 0
        for byte in parts.reversed() { value = value << 8 | UInt64(byte) }
        return Int(Int64(bitPattern: value))
    }

    private mutating func float() throws(PickleError) -> Double {
        var pattern: UInt64 = 0
        for byte in try take(8) { pattern = pattern << 8 | UInt64(byte) }
        return Double(bitPattern: pattern)
    }

    private mutating func text(_ lengthBytes: Int) throws(PickleError) -> String {
        let part = try take(try number(lengthBytes))
        guard let text = String(validating: part, as: UTF8.self) else { throw problem("has a text that is not UTF-8") }
        return text
    }

    private mutating func line() throws(PickleError) -> String {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else {
            throw problem("has a pickle that is cut off")
        }
        let part = try take(end - position)
        position += 1
        return String(decoding: part, as: UTF8.self)
    }

    private func problem(_ text: String, _ remedy: String = PickleError.getAgain) -> PickleError {
        PickleError(
            path: path, problem: text, remedy: remedy, kind: remedy == PickleError.convert ? .unsafe : .damaged)
    }
}
