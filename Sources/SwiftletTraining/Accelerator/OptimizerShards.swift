import SwiftletDistributed
import SwiftletNN
import SwiftletTensor

/// Which process keeps and updates which parameter (ZeRO stage 1): the optimizer's state then takes its share of
/// memory only, and after each step every process gets the new weights from the others.
struct OptimizerShards {
    private let owners: [String: Int]
    private let byOwner: [[Parameter]]

    /// The largest parameter first, each to the process that has the least so far.
    init(_ optimizer: Optimizer, size: Int) {
        let parameters = optimizer.groups.flatMap(\.parameters)
        var (owners, loads) = ([String: Int](), [Int](repeating: 0, count: size))
        var byOwner = [[Parameter]](repeating: [], count: size)
        for (_, parameter) in parameters.enumerated().sorted(by: {
            $0.element.count == $1.element.count ? $0.offset < $1.offset : $0.element.count > $1.element.count
        }) {
            let owner = loads.indices.min { loads[$0] < loads[$1] } ?? 0
            loads[owner] += parameter.count
            owners[parameter.name] = owner
            byOwner[owner].append(parameter)
        }
        self.owners = owners
        self.byOwner = byOwner
    }

    func owner(of parameter: Parameter) -> Int { owners[parameter.name] ?? 0 }
    func owner(ofStateNamed name: String) -> Int {
        owners[String(name.split(separator: "/").first ?? "")] ?? 0
    }

    /// Every process sends the weights it has updated to all others.
    func exchangeWeights(in group: ProcessGroup) throws {
        for (owner, parameters) in byOwner.enumerated() {
            let trained = parameters.filter(\.isTrainable).map { $0.tensor.detach() }
            try group.broadcast(trained, from: owner, as: "the exchange of updated weights")
        }
    }
}
