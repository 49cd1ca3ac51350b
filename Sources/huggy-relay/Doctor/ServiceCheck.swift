import Glibc
import RelayTools

/// The systemd unit that runs the relay, where there is one.
enum ServiceCheck {
  private static let subject = "service"
  private static let patience = Duration.seconds(5)

  static func look(unit: String) -> [Finding] {
    guard access("/run/systemd/system", F_OK) == 0 else {
      return [.ok(subject, "systemd does not run here: who restarts the relay is another's matter")]
    }
    guard let text = show(unit) else {
      return [.warn(subject, "systemctl does not answer", nil)]
    }
    return findings(Dictionary(lines: text), unit: unit)
  }

  static func findings(_ properties: [String: String], unit: String) -> [Finding] {
    guard properties["LoadState"] == "loaded" else {
      return [.ok(subject, "there is no \(unit) (deploy/huggy-relay.service is one; --unit names another)")]
    }
    let state = properties["ActiveState"] ?? "unknown"
    var findings: [Finding] =
      state == "active"
      ? [.ok(subject, "\(unit) is active")]
      : [.warn(subject, "\(unit) is \(state)", "`systemctl status \(unit)` says why")]
    if properties["WatchdogUSec"].map({ $0 == "0" || $0 == "infinity" }) ?? true {
      findings.append(
        .warn(
          subject, "\(unit) has no watchdog: a relay that hangs is not restarted",
          "set WatchdogSec=30s and Type=notify, as deploy/huggy-relay.service does"))
    }
    if let restart = properties["Restart"], restart == "no" {
      findings.append(
        .warn(subject, "\(unit) is not restarted after a failure", "set Restart=always"))
    }
    return findings
  }

  private static func show(_ unit: String) -> String? {
    let properties = "--property=LoadState,ActiveState,WatchdogUSec,Restart"
    return SubprocessOutput.of("systemctl", ["show", unit, properties], patience: patience).map {
      String(decoding: $0, as: UTF8.self)
    }
  }
}

extension [String: String] {
  /// Of lines `NAME=VALUE`.
  fileprivate init(lines text: String) {
    let pairs = text.split(separator: "\n").compactMap { line -> (String, String)? in
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
    self.init(pairs, uniquingKeysWith: { first, _ in first })
  }
}
