import RelayCore
import RelayText

/// A destination's name and location, also where the rest of it is wrong: routes may name it all the same.
struct ReadDestination {
  let name: String
  let location: Location
  var urlLocation: Location?
  /// Of its own `batch`; nil: it has none.
  var batchLocation: Location?
  /// Of its own word on attachments; nil: the defaults', or none.
  var attachmentsLocation: Location?
  /// It, or the defaults, say which proxy it has.
  var saysProxy = false
  let destination: Destination?
}

/// Reads destinations on top of `defaults`.
///
/// Key by key a destination says more than the defaults; `retry`, `circuit`, `batch` and `tls` are merged key by key
/// too, and `headers` by their names. `auth` and lists are replaced whole.
struct DestinationReader {
  /// What a destination has before its own keys are read.
  private var template = Destination(name: "", url: Secret(""))
  private var templateSaysProxy = false

  /// - Parameter proxies: Of the environment: what holds where the file says nothing.
  init(proxies: EnvironmentProxies) {
    if !proxies.isEmpty { template.network.proxy = .environment(proxies) }
  }

  static func defaults(_ node: ConfigNode, proxies: EnvironmentProxies) -> DestinationReader {
    var reader = DestinationReader(proxies: proxies)
    guard var section = node.section("a mapping of destination keys", mayBeEmpty: true) else { return reader }
    if !node.reading.isProbing, let url = section.entry("url") {
      node.reading.report("each destination has a url of its own; move it there", at: url.location)
    }
    reader.templateSaysProxy = section.says("proxy")
    reader.template.read(&section)
    return reader
  }

  func destination(_ entry: Section.Entry) -> ReadDestination {
    var destination = template
    destination.name = entry.key
    guard entry.hasValidName(), var section = entry.value.section("a mapping with a url", mayBeEmpty: true)
    else { return ReadDestination(name: entry.key, location: entry.location, destination: nil) }
    let url = section.take("url", isSecret: true, isRequired: true)
    if let url {
      destination.url = url.url() ?? destination.url
    } else {
      entry.value.reading.report(
        "url is missing; a destination needs one, such as https://crm.example/hooks", at: entry.location)
    }
    destination.read(&section)
    let read = ReadDestination(
      name: entry.key, location: entry.location, urlLocation: url?.location,
      batchLocation: section.entries.first { $0.key == "batch" }?.location,
      attachmentsLocation: section.entries.first { $0.key == "attachments" }?.value.location,
      saysProxy: templateSaysProxy || section.says("proxy"),
      destination: destination)
    read.warnAboutBatch(in: entry.value.reading)
    return read
  }
}

extension Section {
  fileprivate func says(_ key: String) -> Bool { entries.contains { $0.key == key } }
}

extension ConfigNode {
  func destinations(defaults: DestinationReader) -> [ReadDestination] {
    guard let section = section("a mapping of names to destinations", mayBeEmpty: true) else { return [] }
    return section.namedEntries(Names.pattern).map(defaults.destination)
  }
}

extension Destination {
  /// Takes every key of a destination (or of the defaults) but its url.
  fileprivate mutating func read(_ section: inout Section) {
    if let node = section.take("format") { format = node.format() ?? format }
    let forward = section.take("forward_token")
    forwardsToken = forward?.bool() ?? forwardsToken
    if forward != nil, forwardsToken, !format.carriesToken {
      let others = Destination.Format.allCases.filter(\.carriesToken).map(\.rawValue).joined(separator: ", ")
      forward?.warning("only the format \(others) has a place for the token; remove one of the two")
    }
    readCredentials(&section)
    let http2 = section.take("http2")
    usesHTTP2 = http2?.bool() ?? usesHTTP2
    if http2 != nil, usesHTTP2, HTTPAddress.isPlain(url.reveal) {
      http2?.warning("HTTP/2 is spoken over TLS only, and this url is http://; remove one of the two")
    }
    readTimeouts(&section)
    let shortest = Duration.seconds(1)
    maxIdle = section.take("max_idle")?.duration(shortest ... .longestText) ?? maxIdle
    readPace(&section)
    if let retry = section.take("retry") { self.retry.read(retry) }
    if let permanent = section.take("permanent") {
      permanentStatuses = permanent.statuses() ?? permanentStatuses
    }
    if let circuit = section.take("circuit") { self.circuit.read(circuit) }
    maxBacklog = section.take("max_backlog")?.backlogLimit() ?? maxBacklog
    lateAfter = section.take("late_after")?.duration() ?? lateAfter
    attachments = section.take("attachments")?.attachmentLinks() ?? attachments
    if let tls = section.take("tls") { self.tls.read(tls) }
    if let proxy = section.take("proxy", isSecret: true) {
      network.proxy = proxy.proxyRule() ?? network.proxy
    }
    readPause(&section)
    section.finish()
  }

  private mutating func readTimeouts(_ section: inout Section) {
    let whole = section.take("timeout")
    timeout = whole?.duration() ?? timeout
    let connect = section.take("connect_timeout")
    connectTimeout = connect?.duration() ?? connectTimeout
    guard connectTimeout > timeout, timeout != .unresolved, let node = connect ?? whole else { return }
    node.warning(
      "connect_timeout is longer than timeout, which ends the whole attempt first; lower connect_timeout")
  }
}

extension ConfigNode {
  fileprivate func format() -> Destination.Format? {
    let names = Destination.Format.allCases.map(\.rawValue)
    let expected = "\(names.dropLast().joined(separator: ", ")) or \(names.last!)"
    return value(expected, words: names, form: .words(names), placeholder: .huggy) { text throws(Fault) in
      guard let format = Destination.Format(rawValue: text) else {
        throw Fault("is not a format; write \(expected)")
      }
      return format
    }
  }

  fileprivate func statuses() -> Set<Int>? {
    guard let items = items("a status or a list of statuses", emptyFault: nil) else { return nil }
    return Set(items.compactMap { $0.integer(400...499) })
  }
}
