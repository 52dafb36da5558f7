import HTTPTypes
import SwiftletHub
import SwiftletIO
import SwiftletModels
import SwiftletTasks
import SwiftletTokenizers

extension HTTPResponse.Status {
    static var failedDependency: Self { .init(code: 424, reasonPhrase: "Failed Dependency") }
}

/// A request that is not answered as asked: status, kind and what to do about it.
struct RequestError: Error {
    /// As text-embeddings-inference names them in `error_type`.
    enum Kind: String {
        case unhealthy = "Unhealthy"
        case backend = "Backend"
        case overloaded = "Overloaded"
        case validation = "Validation"
        case tokenizer = "Tokenizer"
        case empty = "Empty"
    }

    let status: HTTPResponse.Status
    let kind: Kind
    let message: String
    /// For metrics: what went wrong, in a word.
    let cause: String
    /// Seconds after which the request may be tried again.
    var retryAfter: Int?
    /// Whether the rest of the request is not read.
    var closes = false
    var headers: HTTPFields = [:]

    init(
        _ status: HTTPResponse.Status, _ kind: Kind, cause: String, _ message: String, retryAfter: Int? = nil,
        closes: Bool = false, headers: HTTPFields = [:]
    ) {
        self.status = status
        self.kind = kind
        self.message = message
        self.cause = cause
        self.retryAfter = retryAfter
        self.closes = closes
        self.headers = headers
    }

    static func invalid(_ message: String) -> RequestError {
        RequestError(.unprocessableContent, .validation, cause: "validation", message)
    }

    static func empty(_ what: String) -> RequestError {
        RequestError(.badRequest, .empty, cause: "validation", "`\(what)` cannot be empty")
    }

    static func tooLarge(_ message: String, cause: String, closes: Bool = false) -> RequestError {
        RequestError(.contentTooLarge, .validation, cause: cause, message, closes: closes)
    }

    static func wrongModel(_ message: String) -> RequestError {
        RequestError(.failedDependency, .backend, cause: "model_type", message)
    }

    /// What a pipeline or a model threw.
    init(_ error: any Error) {
        if let error = error as? RequestError {
            self = error
            return
        }
        func text(_ remedy: String?) -> String {
            let error = error as? any SwiftletError
            return ([error?.message ?? "inference failed", remedy].compactMap(\.self)).joined(separator: ". ")
        }
        switch error {
        case let error as InferenceError:
            switch error.kind {
            case .inputTooLong:
                self = .tooLarge(
                    text(
                        "Shorten it, or ask for truncation (\"truncate\": true, or \"truncation\": true in parameters)."
                    ),
                    cause: "input_too_long")
            case .tooMany: self = .tooLarge(text(error.remedy), cause: "batch_size")
            case .badInput, .badOption: self = .invalid(text(error.remedy))
            case .wrongTask: self = .wrongModel(text(error.remedy))
            case .closed: self = RequestError(.serviceUnavailable, .unhealthy, cause: "closed", text(nil))
            }
        case let error as TokenizerError:
            self.init(.unprocessableContent, .tokenizer, cause: "tokenization", text(error.remedy))
        // Ids that the model doesn't have.
        case let error as ModelError: self = .invalid(text(error.remedy))
        case is CancellationError:
            self.init(.serviceUnavailable, .unhealthy, cause: "cancelled", "the server stops", retryAfter: 1)
        default: self.init(.failedDependency, .backend, cause: "inference", text(nil))
        }
    }

    /// `{"error": ..., "error_type": ...}`, as text-embeddings-inference answers.
    var json: JSONValue { ["error": .string(message.shown()), "error_type": .string(kind.rawValue)] }

    /// `{"error": {...}}`, as OpenAI answers.
    var openAIJSON: JSONValue {
        let type =
            switch status.code {
            case 401: "authentication_error"
            case 429: "rate_limit_error"
            case 500...: "server_error"
            default: "invalid_request_error"
            }
        return [
            "error": [
                "message": .string(message.shown()), "type": .string(type), "param": nil, "code": .string(cause),
            ]
        ]
    }
}
