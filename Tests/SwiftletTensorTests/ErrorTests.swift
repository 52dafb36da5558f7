import SwiftletTensor
import SwiftletTestSupport
import Testing

@Suite(.oneAtATime) struct ErrorTests {
    let a = Tensor.ones([2, 3])

    @Test func `the first failure is thrown, with operation and shapes`() throws {
        let error = try #require(throws: TensorError.self) {
            try withTensorErrors {
                let product = a.matmul(a)
                // Nothing of this may stop the process.
                product.zero_()
                _ = (product + 1).sum().item()
                // Models ask for lengths of dimensions.
                #expect(product.shape[0] == 0 && product.shape[3] == 0)
                _ = (product.shape, product.dtype, product.device, product.count, product.description)
                _ = (product.floats(), product.ints(), product.requiresGrad, product.grad?.shape, product.all())
                product.requiresGrad = true
                product.backward()
                _ = a.view([7])
                _ = F.linear(product, a, product)
                _ = clipGradNorm([product], maxNorm: 1)
                _ = Tensor.gradients(of: product, for: [a, product])
            }
        }
        #expect(error.message.contains("matmul of float32 [2, 3], float32 [2, 3]"))
        #expect(error.message.contains("mat1 and mat2 shapes cannot be multiplied"))
        #expect(!error.message.contains("Exception raised"))
    }

    @Test func `scopes nest, give results through, and end`() throws {
        let sum = try withTensorErrors {
            #expect(throws: TensorError.self) { try withTensorErrors { a.view([5]) } }
            return a.sum().item()
        }
        #expect(sum == 6)
        struct Other: Error {}
        #expect(throws: Other.self) { try withTensorErrors { throw Other() } }
        #expect(throws: TensorError.self) {
            try withTensorErrors {
                _ = a.view([5])
                throw Other()
            }
        }
    }

    @Test func `out of memory and wrong arguments are errors too`() {
        #expect(throws: TensorError.self) { try withTensorErrors { Tensor.empty([1 << 40, 1 << 10]) } }
        #expect(throws: TensorError.self) { try withTensorErrors { Tensor.empty([-1]) } }
        #expect(throws: TensorError.self) { try withTensorErrors { Tensor([1, 2], shape: [3]) } }
        #expect(throws: TensorError.self) { try withTensorErrors { a.select(0, 2) } }
        #expect(throws: TensorError.self) { try withTensorErrors { Tensor.cat([]) } }
        #expect(throws: TensorError.self) { try withTensorErrors { a.item() } }
        #expect(throws: TensorError.self) { try withTensorErrors { a.backward() } }
        #expect(throws: TensorError.self) { try withTensorErrors { a.grad = Tensor.ones([3]) } }
        #expect(throws: TensorError.self) { try withTensorErrors { F.embedding(a, Tensor([2], shape: [1])) } }
        #expect(throws: TensorError.self) { try withTensorErrors { F.layerNorm(Tensor(1), weight: nil, bias: nil) } }
        #expect(throws: TensorError.self) {
            try withTensorErrors { F.crossEntropy(a, Tensor([0, 3], shape: [2])) }
        }
        if !Device.isCUDAAvailable {
            #expect(throws: TensorError.self) { try withTensorErrors { a.to(.cuda()) } }
        }
    }

    @Test func `outside a scope a wrong shape stops the process with the reason`() async throws {
        let result = try await #require(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = Tensor.ones([2, 3]).matmul(Tensor.ones([2, 3]))
        }
        #expect(String(decoding: result.standardErrorContent, as: UTF8.self).contains("matmul of float32 [2, 3]"))
    }

    @Test func `a failure is thrown where it is looked for`() throws {
        // Outside of a scope there is nothing to look for.
        try checkTensorErrors()
        let sum = { Tensor.zeros([2, 3]) + Tensor.zeros([2]) }
        let error = try #require(throws: TensorError.self) {
            try withTensorErrors {
                try checkTensorErrors()
                _ = sum()
                try checkTensorErrors()
                Issue.record("not thrown")
            }
        }
        #expect(error.message.contains("[2, 3]") && !error.isOutOfMemory)
        // The first one also where the body goes on after it was told.
        let first = try #require(throws: TensorError.self) {
            try withTensorErrors {
                _ = sum()
                try? checkTensorErrors()
                _ = Tensor.zeros([5]) + Tensor.zeros([7])
            }
        }
        #expect(first.message == error.message)
        // Scopes inside end on their own.
        try withTensorErrors {
            #expect(throws: TensorError.self) {
                try withTensorErrors {
                    _ = sum(); try checkTensorErrors()
                }
            }
            try checkTensorErrors()
        }
    }

    @Test func `too little memory is an error that says so`() throws {
        let error = try #require(throws: TensorError.self) { try withTensorErrors { Tensor.empty([1 << 45]) } }
        #expect(error.isOutOfMemory && error.remedy != nil, "\(error)")
    }

    @Test func `states of generators are checked`() throws {
        let generator = Generator(seed: 3)
        let state = generator.state
        #expect(Generator.isState(state))
        let others: [[UInt8]] = [
            [], [1], Array(state.dropLast()), [UInt8](repeating: 0, count: state.count), state + [0],
        ]
        for bytes in others {
            #expect(!Generator.isState(bytes))
            #expect(throws: TensorError.self) { try generator.load(state: bytes) }
        }
        #expect(generator.state == state)
        _ = generator.randomInt64()
        try generator.load(state: state)
        #expect(generator.state == state)
    }
}
