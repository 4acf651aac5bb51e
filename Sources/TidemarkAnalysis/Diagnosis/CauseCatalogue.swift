/// All causes, in the order in which they are listed when nothing else ranks them.
enum CauseCatalogue {
    static let all: [any Cause.Type] = [
        EngineCrash.self, HungEngine.self, ColdStart.self, ClientErrors.self, NetworkClient.self, GPUThrottling.self,
        GPUStraggler.self, CPUBound.self, StructuredOutput.self, SpecDecodeDecay.self, PrefixCacheLoss.self,
        DeferredAdmission.self, ReplicaImbalance.self, MixShift.self, PreemptionThrash.self, KVCacheLimit.self,
        BatchSlotLimit.self, PrefillCompute.self, DecodeBandwidth.self, LoadGrowth.self, SoftwareRegression.self,
        Interconnect.self,
    ]

    static func cause(_ id: String) -> (any Cause.Type)? { all.first { $0.id == id } }
}
