import RelayCore

extension ConfigNode {
  func serverSettings() -> ServerSettings {
    var settings = ServerSettings()
    guard var section = section(mayBeEmpty: true) else { return settings }
    settings.listen = section.take("listen")?.listenAddress() ?? settings.listen
    let body = section.take("max_body")
    settings.maxBodyBytes = body?.size(1 << 10...1 << 30) ?? settings.maxBodyBytes
    let inflight = section.take("max_inflight")
    settings.maxInflightBytes = inflight?.size(1 << 10...1 << 40) ?? settings.maxInflightBytes
    settings.maxConnections =
      section.take("max_connections")?.integer(1...1_000_000) ?? settings.maxConnections
    settings.requestTimeout = section.take("request_timeout")?.duration() ?? settings.requestTimeout
    settings.idleTimeout = section.take("idle_timeout")?.duration() ?? settings.idleTimeout
    settings.drain = section.take("drain")?.duration(.zero ... .seconds(86_400)) ?? settings.drain

    if settings.maxBodyBytes > settings.maxInflightBytes, settings.maxInflightBytes != Units.unresolvedSize,
      let node = inflight ?? body
    {
      node.error(
        "max_inflight is less than max_body: the largest bodies could never be received; raise max_inflight")
    }
    // `admin: off` is what this version does anyway.
    var later = LaterKeys.server
    if section.entries.contains(where: { $0.key == "admin" && $0.value.isKeyword("off") }) {
      _ = section.take("admin")
      later["admin"] = nil
    }
    section.finish(later: later)
    return settings
  }

  private func listenAddress() -> ListenAddress? {
    let none = ListenAddress(host: "127.0.0.1", port: 0)
    return value("an address such as 127.0.0.1:8080", placeholder: none) { text throws(Fault) in
      let form = Fault(
        "is not an address; write HOST:PORT, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080")
      guard let colon = text.lastIndex(of: ":") else { throw form }
      var host = text[..<colon]
      if host.hasPrefix("["), host.hasSuffix("]") {
        host = host.dropFirst().dropLast()
        guard host.contains(":") else { throw form }
      } else if host.contains(":") {
        throw form
      }
      guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/[]@".utf8.contains($0) }),
        let port = Units.integer(String(text[text.index(after: colon)...]))
      else { throw form }
      guard port <= 65_535 else { throw Fault("has a port that is too large; from 0 to 65535") }
      return ListenAddress(host: String(host), port: port)
    }
  }
}
