import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

/// A family as another package would add it, with nothing but what is public: NomicBERT under another name.
private final class TulipModel: Encoder {
    static let classNames = ["tulip": "Tulip"]
    static let baseModelPrefix = "nomic_bert"

    let state: ModelState
    let hiddenSize: Int
    private let stack: RotaryStack

    init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        let (width, heads) = (
            try config.width("hidden_size", default: 768), try config.width("num_attention_heads", default: 12)
        )
        let inner = try config.width("intermediate_size", default: 3072)
        let epsilon = try config.epsilon("layer_norm_eps", default: 1e-12)
        let rotary = try RotaryEmbedding(
            config, width: config.headWidth(hiddenSize: width, headCount: heads), defaultBase: 1000)
        func norm(_ scope: Scope) -> LayerNorm { LayerNorm(width, epsilon: epsilon, in: scope) }
        let words = Embedding(
            try config.int("vocab_size", default: 30528, atLeast: 1), width, paddingIndex: 0,
            in: scope / "embeddings" / "word_embeddings")
        let types = Embedding(2, width, in: scope / "embeddings" / "token_type_embeddings")
        let layers = (0..<(try config.layerCount("num_hidden_layers", default: 12))).map { index in
            let layer = scope / "encoder" / "layers" / index
            func linear(_ inputs: Int, _ outputs: Int, _ name: String) -> Linear {
                Linear(inputs, outputs, hasBias: false, in: layer / name)
            }
            return RotaryLayer(
                .after, attentionNorm: norm(layer / "norm1"),
                attention: RotaryAttention(
                    .joint(linear(width, 3 * width, "attn.Wqkv")), output: linear(width, width, "attn.out_proj"),
                    dropout: Dropout(0, in: layer), headCount: heads, attention: AttentionScope(rotary: rotary),
                    state: scope.state),
                feedForwardNorm: norm(layer / "norm2"),
                feedForward: GatedFeedForward(
                    .separate(gate: linear(width, inner, "mlp.fc12"), up: linear(width, inner, "mlp.fc11")), .silu,
                    output: linear(inner, width, "mlp.fc2")))
        }
        state = scope.state
        hiddenSize = width
        stack = RotaryStack(
            RotaryStackEmbeddings(words: words, types: types, norm: norm(scope / "emb_ln"), state: scope.state),
            layers: layers, state: scope.state)
    }

    var tokenEmbeddings: Embedding { stack.embeddings.words }

    func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        try stack(inputs, outputHiddenStates: outputHiddenStates, needs: needs)
    }
}

private final class NamelessModel: Encoder {
    static let classNames: [String: String] = [:]
    static let baseModelPrefix = ""
    let state: ModelState
    let hiddenSize = 1
    let tokenEmbeddings: Embedding

    init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        state = scope.state
        tokenEmbeddings = Embedding(1, 1, in: scope)
    }

    func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput { EncoderOutput(lastHiddenState: inputs.inputIDs) }
}

extension ModelTests {
    @Suite struct RegisteredFamilyTests {
        @Test func `a family from outside is registered once, loads, answers, saves and loads again`() throws {
            let fixture = try FamilyFixture("nomic_bert-a")
            let tulip: JSONObject = ["model_type": "tulip"]
            let unknown = #expect(throws: ModelError.self) { try fixture.model("token", overrides: tulip) }
            #expect(unknown?.message.contains("tulip") == true)

            try AutoModel.register(TulipModel.self)
            for kernels in Kernels.allCases {
                let model = try fixture.model("token", overrides: tulip)
                #expect(model.encoder is TulipModel && model.architecture == "TulipForTokenClassification")
                model.state.kernels = kernels
                let inputs = try fixture.padded("token")
                let output = try model(inputs)
                let width = output.predictions[0].shape[2]
                let wrong = difference(
                    fixture.tokens(output.predictions[0].detach().floats(), width: width),
                    fixture.tokens(try fixture.floats("token.logits"), width: width), absolute: FamilyBattery.tolerance)
                #expect(wrong == nil)
                try output.loss.backward()
                let name = "nomic_bert.encoder.layers.1.attn.Wqkv.weight"
                #expect(model.state[name]?.gradient != nil)
                let folder = try TemporaryDirectory()
                try model.savePretrained(folder.path)
                let again = try AutoModelForTokenClassification.fromPretrained(folder: folder.path)
                again.state.kernels = kernels
                #expect(try again(inputs).loss.item() == output.loss.item())
            }
            // Heads that a family does not say are refused, not guessed.
            let error = #expect(throws: ModelError.self) { try fixture.model("masked", overrides: tulip) }
            #expect(error?.message.contains("masked language modelling") == true)

            // Registering twice is a mistake unless it is meant.
            try AutoModel.register(TulipModel.self, replacing: true)
            let taken = #expect(throws: ModelError.self) { try AutoModel.register(TulipModel.self) }
            #expect(taken?.message.contains("'tulip'") == true)
            #expect(throws: ModelError.self) { try AutoModel.register(BertModel.self) }
            #expect(throws: ModelError.self) { try AutoModel.register(NamelessModel.self) }
        }
    }
}
