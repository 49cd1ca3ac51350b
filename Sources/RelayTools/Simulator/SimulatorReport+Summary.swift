import RelayCore

extension SimulatorReport {
  /// A table for people, without a line end at its end.
  package var summary: String {
    var rows = [("handshake", handshake.description)]
    if handshake == .confirmed {
      rows.append(("envelopes", "\(sent) sent in \(elapsed.forPeople)\(pace), \(accepted) accepted"))
      rows.append(("events", "\(acceptedEvents) accepted"))
    }
    if !statuses.isEmpty {
      let counts = statuses.sorted { $0.key < $1.key }.map { "\($0.key) × \($0.value)" }
      rows.append(("statuses", counts.joined(separator: ", ")))
      rows.append(
        ("latency", "p50 \(latencyP50.forPeople), p99 \(latencyP99.forPeople), max \(latencyMax.forPeople)"))
    }
    if !failures.isEmpty {
      let counts = failures.sorted { $0.key.rawValue < $1.key.rawValue }.map {
        "\($0.key.rawValue) × \($0.value)"
      }
      rows.append(("no answer", counts.joined(separator: ", ")))
    }
    return rows.map { name, value in name + String(repeating: " ", count: 11 - name.count) + value }
      .joined(separator: "\n")
  }

  private var pace: String {
    elapsed > .zero ? " (\((Double(sent) / elapsed.inSeconds).toOnePlace)/s)" : ""
  }
}

extension Duration {
  /// `870 µs`, `12.3 ms` or `4.5 s`.
  var forPeople: String {
    switch self {
    case ..<(.milliseconds(1)): "\(microseconds) µs"
    case ..<(.seconds(1)): "\((inSeconds * 1_000).toOnePlace) ms"
    default: "\(inSeconds.toOnePlace) s"
    }
  }
}

extension Double {
  /// With one decimal place. For numbers that are not negative.
  fileprivate var toOnePlace: String {
    let tenths = Int((self * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
