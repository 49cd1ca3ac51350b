import RelayText

extension Destination {
  /// What it says, of which each key tells whether it is as it would be by default.
  var marked: ConfigurationTree { tree.marked(against: Destination(name: name, url: Secret("")).tree) }

  private var tree: ConfigurationTree {
    var entries: [ConfigurationTree.Entry] = [
      .init("url", .secret(url, shown: url.shownAddress)), .init("format", .word(format.rawValue)),
      .init("forward_token", .bool(forwardsToken)),
      .init("headers", .mapping(headers.map { .init($0.name, .secret($0.value)) })),
    ]
    if let authorization { entries.append(.init("auth", authorization.tree)) }
    if !signingSecrets.isEmpty {
      // One with an end stands in a list only.
      let secrets = signingSecrets.map(\.tree)
      let isAlone = secrets.count == 1 && signingSecrets[0].until == nil
      entries.append(.init("signing_secret", isAlone ? secrets[0] : .list(secrets)))
    }
    return .mapping(entries + paceEntries + failureEntries)
  }

  private var paceEntries: [ConfigurationTree.Entry] {
    [
      .init("http2", .bool(usesHTTP2)), .init("timeout", .word(timeout.text)),
      .init("connect_timeout", .word(connectTimeout.text)), .init("max_idle", .word(maxIdle.text)),
      .init("concurrency", .integer(concurrency)), .init("rate", .word(rate?.text ?? "unlimited")),
      .init("order_by", .word(ordering.word)), .init("batch", batch?.tree ?? .word("off")),
    ]
  }

  private var failureEntries: [ConfigurationTree.Entry] {
    [
      .init("retry", retry.tree),
      .init("permanent", .list(permanentStatuses.sorted().map { .integer($0) })),
      .init(
        "circuit",
        .mapping([
          .init("failures", .integer(circuit.failures)), .init("probe_every", .word(circuit.probeEvery.text)),
        ])),
      .init("max_backlog", .word(maxBacklog.text)), .init("late_after", .word(lateAfter.text)),
      .init("attachments", .word(attachments.rawValue)), .init("tls", tls.tree), .init("proxy", proxyTree),
      .init("paused", .bool(pausedAt != nil)),
    ]
  }
}

extension Destination {
  /// Of the environment's, the one that its requests go through.
  private var proxyTree: ConfigurationTree {
    let proxy = if case .through(let own) = network.proxy { own } else { network.proxy(for: url) }
    return proxy.map { .secret($0.url, shown: $0.shown) } ?? .word("off")
  }
}

extension SigningSecret {
  fileprivate var tree: ConfigurationTree {
    let value = ConfigurationTree.secret(Secret(scheme.prefix + Base64.text(revealKey)))
    guard let until else { return value }
    return .mapping([.init("value", value), .init("until", .word("\(until)"))])
  }
}

extension Destination.Authorization {
  /// To some services a user name is the key.
  fileprivate var tree: ConfigurationTree {
    switch self {
    case .bearer(let token): .mapping([.init("bearer", .secret(token))])
    case .basic(let username, let password):
      .mapping([
        .init(
          "basic",
          .mapping([.init("username", .secret(Secret(username))), .init("password", .secret(password))]))
      ])
    case .oauth2(let client): .mapping([.init("oauth2", client.tree)])
    }
  }
}

extension OAuth2Client {
  fileprivate var tree: ConfigurationTree {
    var entries: [ConfigurationTree.Entry] = [
      .init("token_url", .secret(tokenURL, shown: tokenURL.shownAddress)),
      .init("client_id", .text(clientID)),
      .init("client_secret", .secret(clientSecret)),
    ]
    if let scope { entries.append(.init("scope", .text(scope))) }
    if let audience { entries.append(.init("audience", .text(audience))) }
    return .mapping(entries + [.init("token_endpoint_auth_method", .word(authenticationMethod.rawValue))])
  }
}

extension Destination.TLS {
  /// Another content of the same file is another authority, too: it is told as a change of its path.
  fileprivate var tree: ConfigurationTree {
    var entries: [ConfigurationTree.Entry] = []
    if let authorityFile {
      let identity = Secret("\(authorityFile)\n\(Base64.text(authorities ?? []))")
      entries.append(.init("ca", .secret(identity, shown: authorityFile)))
    }
    if let client {
      let certificate = Secret("\(client.certificateFile)\n\(Base64.text(client.certificate))")
      let key = Secret("\(client.keyFile)\n\(client.key.reveal)")
      entries += [
        .init("certificate", .secret(certificate, shown: client.certificateFile)),
        .init("key", .secret(key, shown: client.keyFile)),
      ]
    }
    return .mapping(entries + [.init("verify", .bool(verifies))])
  }
}

extension RetryPolicy {
  fileprivate var tree: ConfigurationTree {
    .mapping([
      .init("initial", .word(initial.text)), .init("factor", .number(factor)),
      .init("max_delay", .word(maxDelay.text)), .init("jitter", .number(jitter)),
      .init("max_age", .word(maxAge.text)),
      .init("max_attempts", maxAttempts.map { .integer($0) } ?? .word("unlimited")),
    ])
  }
}

extension BatchPolicy {
  fileprivate var tree: ConfigurationTree {
    .mapping([
      .init("max_events", .integer(maxEvents)), .init("max_bytes", .word(SizeText.text(bytes: maxBytes))),
      .init("max_wait", .word(maxWait.text)),
    ])
  }
}

extension Rate {
  /// As routes.yaml writes it.
  var text: String {
    switch interval {
    case .seconds(60): "\(count)/m"
    case .seconds(3_600): "\(count)/h"
    default: "\(count)/s"
    }
  }
}

extension BacklogLimit {
  fileprivate var text: String {
    switch self {
    case .share(let share): "\(Int((share * 100).rounded()))%"
    case .bytes(let bytes): SizeText.text(bytes: bytes)
    }
  }
}
