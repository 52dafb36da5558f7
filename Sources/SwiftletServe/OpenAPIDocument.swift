import SwiftletIO
import SwiftletTraining

/// What a server answers, as an OpenAPI 3.1 document.
enum OpenAPIDocument {
    static let text = json.text(.line)

    static let json: JSONValue = [
        "openapi": "3.1.0",
        "info": [
            "title": "Swiftlet", "version": .string(swiftletVersion),
            "description": .string(description),
        ],
        "paths": .object(JSONObject(paths)),
        "components": [
            "schemas": .object(JSONObject(OpenAPISchemas.all)),
            "securitySchemes": ["key": ["type": "http", "scheme": "bearer"]],
        ],
        "security": [[:], ["key": []]],
    ]

    private static let description =
        "Fine-tuned models over HTTP: the requests of text-embeddings-inference, of OpenAI's embeddings, and of the Hub's "
        + "inference API. A server with several models answers for the first of them; the others answer behind "
        + "/models/NAME, and to the field model of OpenAI's requests."

    private static let failures: [(status: String, description: String)] = [
        ("400", "The body is not JSON, or has no inputs."),
        ("401", "The API key is missing, or not one of the server's."),
        ("404", "There is no such model."),
        ("408", "The body did not arrive in time."),
        ("413", "The body, the batch or an input is too large."),
        ("415", "The body is not sent as JSON."),
        ("422", "A key of the body is unknown, or has a value that makes no sense."),
        ("424", "The model is not for this, or failed."),
        ("429", "Too many requests are under way; Retry-After says when to try again."),
        ("503", "The model is not loaded yet, the time is up, or the server stops."),
    ]

    private static func content(_ type: String, _ schema: JSONValue) -> JSONValue {
        .object(JSONObject([(type, .object(["schema": schema]))]))
    }

    private static func response(_ description: String, _ schema: JSONValue, _ type: String = "application/json")
        -> JSONValue
    {
        ["description": .string(description), "content": content(type, schema)]
    }

    private static func post(
        _ summary: String, _ name: String, _ examples: [(String, JSONValue)], error: String = "Error"
    ) -> JSONValue {
        var responses: JSONObject = ["200": response("The answer.", OpenAPISchemas.ref("\(name)Response"))]
        for (status, description) in failures { responses[status] = response(description, OpenAPISchemas.ref(error)) }
        let shown = JSONObject(examples.map { ($0, .object(["value": $1])) })
        return [
            "summary": .string(summary),
            "requestBody": [
                "required": true,
                "content": [
                    "application/json": ["schema": OpenAPISchemas.ref("\(name)Request"), "examples": .object(shown)]
                ],
            ],
            "responses": .object(responses),
        ]
    }

    private static func get(
        _ summary: String, _ schema: JSONValue, _ more: [(String, JSONValue)] = [], type: String = "application/json",
        isOpen: Bool = false
    ) -> JSONValue {
        var responses: JSONObject = ["200": response("The answer.", schema, type)]
        for (status, value) in more { responses[status] = value }
        var object: JSONObject = ["summary": .string(summary), "responses": .object(responses)]
        if isOpen { object["security"] = [] }
        return .object(object)
    }

    /// The operations of one address, with the names in it.
    private static func item(_ operations: [(String, JSONValue)], _ names: [String] = []) -> JSONValue {
        var object = JSONObject(operations)
        if !names.isEmpty {
            object["parameters"] = .array(
                names.map { name -> JSONValue in
                    [
                        "name": .string(name), "in": "path", "required": true, "schema": ["type": "string"],
                        "description": name == "model" ? "A model's name." : "Such as text-classification.",
                    ]
                })
        }
        return .object(object)
    }

    private static let eating = "A man is eating."

    private static let textEmbeddings: [(path: String, operation: JSONValue)] = [
        (
            "/embed",
            post(
                "A vector for each input", "Embed",
                [
                    ("text", ["inputs": "What is deep learning?"]),
                    ("batch", ["inputs": ["A text, and the ids of another.", [5, 6]], "normalize": false]),
                    (
                        "cut",
                        [
                            "inputs": .string(eating), "truncate": true, "truncation_direction": "Left",
                            "dimensions": 4,
                        ]
                    ),
                ])
        ),
        ("/embed_all", post("The states of each input's tokens", "EmbedAll", [("text", ["inputs": .string(eating)])])),
        (
            "/predict",
            post(
                "Labels of texts and pairs", "Predict",
                [
                    ("text", ["inputs": .string(eating)]),
                    ("pair", ["inputs": [.string(eating), "Somebody has a meal."], "raw_scores": true]),
                    ("batch", ["inputs": [[.string(eating)], [.string(eating), "It rained."]], "truncate": true]),
                ])
        ),
        (
            "/rerank",
            post(
                "Texts in the order of their scores with a query", "Rerank",
                [
                    (
                        "texts",
                        [
                            "query": "Where is the key?", "texts": ["Under the mat.", "Dinner is at seven."],
                            "return_text": true,
                        ]
                    )
                ])
        ),
        (
            "/similarity",
            post(
                "How alike sentences are to one", "Similarity",
                [
                    (
                        "sentences",
                        [
                            "inputs": [
                                "source_sentence": "Where is the key?",
                                "sentences": ["Under the mat.", "Dinner is at seven."],
                            ]
                        ]
                    )
                ])
        ),
        (
            "/tokenize",
            post(
                "The tokens of texts", "Tokenize",
                [
                    ("text", ["inputs": .string(eating)]),
                    ("batch", ["inputs": [.string(eating), "It rained."], "add_special_tokens": false]),
                ])
        ),
        (
            "/decode",
            post(
                "The texts of token ids", "Decode",
                [("ids", ["ids": [5, 6, 7]]), ("batch", ["ids": [[5, 6], [7]], "skip_special_tokens": false])])
        ),
    ]

    private static let inference = post(
        "What the model is for, in the form of the Hub's inference API", "Inference",
        [("text", ["inputs": .string(eating)])])

    private static let openAI = post(
        "Vectors, in OpenAI's form", "OpenAI",
        [
            ("text", ["input": .string(eating), "dimensions": 4]),
            ("base64", ["input": [.string(eating), "It rained."], "encoding_format": "base64"]),
        ], error: "OpenAIError")

    private static var paths: [(String, JSONValue)] {
        let noModel = ("404", response("There is no such model.", OpenAPISchemas.ref("Error")))
        let unhealthy = (
            "503", response("A model is not loaded yet, or the server stops.", OpenAPISchemas.ref("Health"))
        )
        let health = OpenAPISchemas.ref("Health")
        let info = get("What the model is and what it takes", OpenAPISchemas.ref("Info"))
        let page = get("A page to try the models out", ["type": "string"], type: "text/html", isOpen: true)
        let document = get("This document", ["type": "object"], isOpen: true)
        var paths: [(String, JSONValue)] = [
            ("/", item([("get", page), ("post", inference)])),
            ("/pipeline/{task}", item([("post", inference)], ["task"])),
            ("/info", item([("get", info)])),
            ("/health", item([("get", get("Whether all models are loaded", health, [unhealthy], isOpen: true))])),
            ("/ping", item([("get", get("Whether all models are loaded", health, [unhealthy], isOpen: true))])),
            (
                "/metrics",
                item([("get", get("Metrics for Prometheus", ["type": "string"], type: "text/plain", isOpen: true))])
            ),
            ("/openapi.json", item([("get", document)])),
            ("/api-doc/openapi.json", item([("get", document)])),
            ("/v1/embeddings", item([("post", openAI)])),
            ("/embeddings", item([("post", openAI)])),
            ("/v1/models", item([("get", get("The models", OpenAPISchemas.ref("OpenAIModels")))])),
            (
                "/v1/models/{model}",
                item([("get", get("A model", OpenAPISchemas.ref("OpenAIModel"), [noModel]))], ["model"])
            ),
            ("/models/{model}", item([("post", inference)], ["model"])),
            ("/models/{model}/pipeline/{task}", item([("post", inference)], ["model", "task"])),
            ("/models/{model}/info", item([("get", info)], ["model"])),
            (
                "/models/{model}/health",
                item(
                    [("get", get("Whether the model is loaded", health, [unhealthy, noModel], isOpen: true))], ["model"]
                )
            ),
        ]
        for (path, operation) in textEmbeddings {
            paths.append((path, item([("post", operation)])))
            paths.append(("/models/{model}\(path)", item([("post", operation)], ["model"])))
        }
        return paths
    }
}
