import RelayPipeline

/// What all connections share.
struct IngestContext: Sendable {
  var limits: ConnectionLimits
  var receiver: any EnvelopeReceiver
  var budget: InflightBudget
}
