import SwiftletIO

/// The schemas of the OpenAPI document, by name.
enum OpenAPISchemas {
    typealias Properties = [(String, JSONValue)]

    static func ref(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    static func type(_ name: String) -> JSONValue { ["type": .string(name)] }

    static func list(_ items: JSONValue, minItems: Int? = nil, maxItems: Int? = nil) -> JSONValue {
        var object: JSONObject = ["type": "array", "items": items]
        if let minItems { object["minItems"] = .int(minItems) }
        if let maxItems { object["maxItems"] = .int(maxItems) }
        return .object(object)
    }

    static func object(_ properties: Properties, _ required: [String] = []) -> JSONValue {
        [
            "type": "object", "properties": .object(JSONObject(properties)),
            "required": .array(required.map { .string($0) }), "additionalProperties": false,
        ]
    }

    static func one(of schemas: [JSONValue]) -> JSONValue { ["oneOf": .array(schemas)] }

    static func words(_ words: [JSONValue]) -> JSONValue { ["enum": .array(words)] }

    /// The schema with a description.
    static func said(_ description: String, _ schema: JSONValue) -> JSONValue {
        var object = schema.object ?? [:]
        object["description"] = .string(description)
        return .object(object)
    }

    private static func orNull(_ name: String) -> JSONValue { ["type": [.string(name), "null"]] }

    private static let number = type("number")
    private static let integer = type("integer")
    private static let string = type("string")
    private static let boolean = type("boolean")
    private static let texts = list(string)
    private static let dimensions: JSONValue = ["type": ["integer", "null"], "minimum": 1]

    private static let truncation: Properties = [
        ("truncate", said("Whether long inputs are cut; by default as the server was started.", orNull("boolean"))),
        (
            "truncation_direction",
            said("Where long inputs are cut; at their end by default.", words(["Left", "Right", "left", "right", nil]))
        ),
    ]
    private static let prompt: Properties = [
        ("prompt_name", said("One of the model's own prompts, such as query.", orNull("string")))
    ]

    static var all: Properties { inputs + textEmbeddings + openAI + inference + operations }

    private static let inputs: Properties = [
        ("TextOrIDs", one(of: [string, list(["type": "integer", "minimum": 0])])),
        (
            "Input",
            said(
                "A text or the ids of its tokens, or a list of such.",
                ["anyOf": [ref("TextOrIDs"), list(ref("TextOrIDs"))]])
        ),
        (
            "PredictInput",
            said(
                "A text, a pair of texts, or a list of [text] and [text, text].",
                one(of: [
                    string, list(string, minItems: 1, maxItems: 2),
                    list(list(string, minItems: 1, maxItems: 2), minItems: 1),
                ]))
        ),
    ]

    private static let textEmbeddings: Properties = [
        (
            "EmbedRequest",
            object(
                [("inputs", ref("Input"))] + truncation + prompt + [
                    ("normalize", said("Whether vectors get the length 1; they do by default.", orNull("boolean"))),
                    ("dimensions", said("How many components of a vector are kept.", dimensions)),
                ], ["inputs"])
        ),
        ("EmbedResponse", said("A vector for each input.", list(list(number)))),
        ("EmbedAllRequest", object([("inputs", ref("Input"))] + truncation + prompt, ["inputs"])),
        (
            "EmbedAllResponse",
            said("For each input the states of its tokens, special ones included.", list(list(list(number))))
        ),
        (
            "PredictRequest",
            object(
                [("inputs", ref("PredictInput"))] + truncation + [
                    ("raw_scores", said("Whether scores are the model's own numbers.", orNull("boolean")))
                ], ["inputs"])
        ),
        ("Prediction", object([("score", number), ("label", string)], ["score", "label"])),
        (
            "PredictResponse",
            said(
                "All labels, the best first; for a batch a list of such lists.",
                one(of: [list(ref("Prediction")), list(list(ref("Prediction")))]))
        ),
        (
            "RerankRequest",
            object(
                [("query", string), ("texts", texts)] + truncation + [
                    ("raw_scores", orNull("boolean")), ("return_text", orNull("boolean")),
                ], ["query", "texts"])
        ),
        ("Rank", object([("index", integer), ("score", number), ("text", string)], ["index", "score"])),
        ("RerankResponse", said("The texts by their scores, the best first.", list(ref("Rank")))),
        (
            "SimilarityRequest",
            object(
                [
                    (
                        "inputs",
                        object([("source_sentence", string), ("sentences", texts)], ["source_sentence", "sentences"])
                    ),
                    ("parameters", one(of: [object(truncation + prompt), type("null")])),
                ], ["inputs"])
        ),
        ("SimilarityResponse", said("The likeness of each sentence to the source sentence.", list(number))),
        (
            "TokenizeRequest",
            object(
                [("inputs", one(of: [string, texts])), ("add_special_tokens", orNull("boolean"))] + prompt, ["inputs"])
        ),
        (
            "Token",
            said(
                "Places count Unicode scalars; special tokens have none.",
                object(
                    [
                        ("id", integer), ("text", string), ("special", boolean), ("start", orNull("integer")),
                        ("stop", orNull("integer")),
                    ], ["id", "text", "special", "start", "stop"]))
        ),
        ("TokenizeResponse", list(list(ref("Token")))),
        (
            "DecodeRequest",
            object(
                [
                    ("ids", ["anyOf": [list(integer), list(list(integer))]]),
                    ("skip_special_tokens", orNull("boolean")),
                ], ["ids"])
        ),
        ("DecodeResponse", texts),
    ]

    private static let openAI: Properties = [
        (
            "OpenAIRequest",
            object(
                [
                    ("input", ref("Input")), ("model", orNull("string")),
                    ("encoding_format", words(["float", "base64", nil])), ("dimensions", dimensions),
                    ("user", said("Taken, and used for nothing.", orNull("string"))),
                ], ["input"])
        ),
        (
            "OpenAIEmbedding",
            object(
                [
                    ("object", words(["embedding"])), ("index", integer),
                    ("embedding", one(of: [list(number), string])),
                ], ["object", "index", "embedding"])
        ),
        (
            "OpenAIResponse",
            object(
                [
                    ("object", words(["list"])), ("data", list(ref("OpenAIEmbedding"))), ("model", string),
                    (
                        "usage",
                        object(
                            [("prompt_tokens", integer), ("total_tokens", integer)], ["prompt_tokens", "total_tokens"])
                    ),
                ], ["object", "data", "model", "usage"])
        ),
        (
            "OpenAIModel",
            object(
                [("id", string), ("object", words(["model"])), ("created", integer), ("owned_by", string)],
                ["id", "object", "created", "owned_by"])
        ),
        (
            "OpenAIModels",
            object([("object", words(["list"])), ("data", list(ref("OpenAIModel")))], ["object", "data"])
        ),
        (
            "OpenAIError",
            object(
                [
                    (
                        "error",
                        object(
                            [("message", string), ("type", string), ("param", orNull("string")), ("code", string)],
                            ["message", "type", "param", "code"])
                    )
                ], ["error"])
        ),
    ]

    private static let inference: Properties = [
        (
            "InferenceRequest",
            said(
                "For embeddings, the keys of EmbedRequest may stand beside inputs.",
                [
                    "type": "object", "required": ["inputs"],
                    "properties": [
                        "inputs": ["description": "A text, or an object with the task's keys, or a list of such."],
                        "parameters": [
                            "type": ["object", "null"],
                            "description": "The task's options under their names in Python, such as top_k.",
                        ],
                    ],
                ])
        ),
        (
            "InferenceResponse",
            said(
                "What the task answers. Texts' labels: a list of labels with scores for each text. Entities: a list. "
                    + "Questions: an object with answer, score, start and end. Embeddings: a list of vectors. Similarity: "
                    + "a list of numbers.", ["type": ["array", "object"]])
        ),
    ]

    private static let operations: Properties = [
        (
            "Info",
            object(
                [
                    ("model_id", string), ("model_sha", orNull("string")), ("model_dtype", string),
                    ("served_model_name", string), ("model_type", type("object")), ("task", string),
                    ("max_concurrent_requests", integer), ("max_input_length", integer), ("max_batch_tokens", integer),
                    ("max_batch_requests", orNull("integer")), ("max_client_batch_size", integer),
                    ("auto_truncate", boolean), ("tokenization_workers", integer), ("version", string),
                    ("sha", orNull("string")), ("docker_label", orNull("string")),
                ],
                [
                    "model_id", "model_dtype", "served_model_name", "model_type", "task", "max_concurrent_requests",
                    "max_input_length", "max_batch_tokens", "max_client_batch_size", "auto_truncate", "version",
                ])
        ),
        (
            "Health",
            object(
                [
                    ("status", words(["ready", "loading", "stopping"])),
                    ("models", ["type": "object", "additionalProperties": words(["ready", "loading"])]),
                    ("error", string), ("error_type", string),
                ], ["status", "models"])
        ),
        (
            "Error",
            object(
                [
                    ("error", string),
                    (
                        "error_type",
                        words(["Unhealthy", "Backend", "Overloaded", "Validation", "Tokenizer", "Empty"])
                    ),
                ], ["error", "error_type"])
        ),
    ]
}
