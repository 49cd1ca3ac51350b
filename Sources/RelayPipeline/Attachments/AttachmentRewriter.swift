import RelayCore
import RelayJSON

/// Puts signed links of the relay in the place of the links to files in an event: the one place where its bytes change.
///
/// Only links are replaced that the source's `attachments` covers: others were never fetched, so they stay as they came.
package struct AttachmentRewriter: Sendable {
  /// How destinations reach the listener.
  private let url: String
  private let signer: AttachmentSigner
  /// By the source's name.
  private let policies: [String: AttachmentPolicy]

  /// - Returns: nil: no destination is to be given links, or it is not known how they would reach the relay.
  package init?(_ configuration: Configuration, signer: AttachmentSigner) {
    guard let url = configuration.server.attachmentsURL,
      configuration.destinations.contains(where: { $0.attachments == .rewrite })
    else { return nil }
    self.url = url
    self.signer = signer
    policies = Dictionary(
      configuration.sources.compactMap { source in source.attachments.map { (source.name, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// The event's object as a destination gets it.
  ///
  /// - Parameter now: The wall clock's time: the links end when the source's `keep` has passed since.
  /// - Returns: The event's own array, where no link is replaced.
  package func content(of event: Event, at now: Timestamp) -> [UInt8] {
    guard let policy = policies[event.envelope.source] else { return event.body }
    let links = AttachmentFinder.links(in: event.body).enumerated().filter { _, link in
      AttachmentAddress(link.url).map { policy.covers($0) } ?? false
    }
    guard !links.isEmpty else { return event.body }
    let until = now.advanced(by: policy.keep).seconds
    var content: [UInt8] = []
    content.reserveCapacity(event.body.count + links.count * (url.utf8.count + 128))
    var position = 0
    for (place, link) in links {
      // The quotes are written with what stands between them.
      content += event.body[position..<link.range.lowerBound - 1]
      let target = signer.target(of: AttachmentLink(event: event.id, place: place, until: until))
      JSONWriter.appendString(url + target, to: &content)
      position = link.range.upperBound + 1
    }
    content += event.body[position...]
    return content
  }
}
