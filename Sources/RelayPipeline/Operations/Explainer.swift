import RelayCore
import RelayJSON

/// What `serve` would do with an envelope, and why, without doing it.
package struct Explainer {
  package struct ExplainedEvent {
    package let type: String
    package let company: String?
    package let channel: String?
    package let chat: String?
    package let explanation: Explanation
  }

  package struct ExplainedEnvelope {
    /// The source whose token the envelope holds; else the first.
    package let source: String
    /// Whether that source would believe it.
    package let isTokenValid: Bool
    /// It is no envelope but the platform's check of the URL: a source that believes it prints its token back.
    package let isHandshake: Bool
    package let events: [ExplainedEvent]
    /// Items that are no objects: their type and place.
    package let rejected: [(type: String, index: Int)]
  }

  package let table: RoutingTable
  private let sources: [Source]
  private let scanner: EnvelopeScanner
  private let now: Timestamp

  /// - Parameters:
  ///   - readsTokens: False: the configuration's tokens are unknown, and every source believes everybody.
  ///   - now: The wall clock's time: tokens may have ended.
  package init(_ configuration: Configuration, readsTokens: Bool = true, at now: Timestamp) {
    self.now = now
    let rules = IngestRules(configuration, metrics: RelayMetrics(configuration))
    table = rules.table
    scanner = rules.scanner
    sources = configuration.sources.map { source in
      var source = source
      if !readsTokens { source.tokens = [] }
      // What it has learned only the running relay knows.
      source.learnsToken = false
      return source
    }
  }

  /// - Throws: The answer that `serve` would give, in words.
  package func explain(_ body: [UInt8]) throws(ExplainError) -> ExplainedEnvelope {
    let envelope: ScannedEnvelope
    do throws(ScanError) {
      envelope = try scanner.scan(body)
    } catch {
      throw ExplainError(Refusal(error, in: body))
    }
    guard envelope.hasMessages || envelope.isHandshake else { throw ExplainError(.noMessages) }
    let (source, company, isValid) = sender(of: envelope, body: body)
    let events = body.withUnsafeBufferPointer { document in
      envelope.events.map { event in
        let view = envelope.view(of: event, source: source, company: company, in: document)
        return ExplainedEvent(
          type: view.type, company: view.company, channel: view.channel, chat: view.chat,
          explanation: table.explain(view))
      }
    }
    return ExplainedEnvelope(
      source: source, isTokenValid: isValid, isHandshake: envelope.isHandshake, events: events,
      rejected: envelope.rejected.map { ($0.type.text(in: body), $0.index) })
  }

  private func sender(of envelope: ScannedEnvelope, body: [UInt8]) -> (String, String?, Bool) {
    let believed = sources.lazy.compactMap { source in
      (try? Sender(envelope, body: body, source: source, at: now)).map { (source: source, sender: $0) }
    }
    // A source that has this token, rather than one that believes everybody.
    if let (source, sender) = believed.first(where: { !$0.source.tokens.isEmpty }) ?? believed.first {
      return (source.name, sender.company, true)
    }
    return (sources.first?.name ?? "", sources.first?.company, false)
  }
}

package struct ExplainError: Error, CustomStringConvertible {
  package let description: String

  init(_ refusal: Refusal) {
    description =
      "serve would refuse this envelope with \(refusal.reason.status): \(refusal.explanation)"
  }
}
