import Foundation
import RelayHarness

/// Where this machine's PostgreSQL server is.
package enum PostgresInstallation {
  private static let environment = ProcessInfo.processInfo.environment

  /// Someone says that it has to be there (`.ci/run` does): where it is missing, tests fail instead of being passed over.
  package static let isRequired = environment["HUGGY_RELAY_NEEDS_POSTGRES"] == "1"

  /// Whether tests that need a server can run, or have to.
  package static let isThere = isRequired || folder != nil

  package static let missing: String =
    "there is no PostgreSQL server (initdb, postgres): `make setup-postgres` installs Debian's, and "
    + "HUGGY_RELAY_POSTGRES_BIN names the folder of another one"

  /// The folder of `initdb` and `postgres`: the one that the environment names, else the newest that is found.
  static let folder: String? = {
    if let named = environment["HUGGY_RELAY_POSTGRES_BIN"] { return isComplete(named) ? named : nil }
    let debian = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
    let installed = versions.compactMap(Int.init).sorted(by: >).map { "\(debian)/\($0)/bin" }
    let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let told = try? ProcessOutput.of(["pg_config", "--bindir"]).trimmingCharacters(in: .newlines)
    return (installed + [told].compactMap(\.self) + path).first(where: isComplete)
  }()

  private static func isComplete(_ folder: String) -> Bool {
    ["initdb", "postgres"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
  }

  /// The words before a command that is to run as the server's user: it refuses to run as root.
  static let runner: [String] =
    serverUser.map { user in
      ["setpriv", "--reuid", "\(user.id)", "--regid", "\(user.group)", "--clear-groups", "--"]
    } ?? []

  /// Whose the server's files have to be; nil: this process's own user.
  static let serverUser: (id: UInt32, group: UInt32)? = {
    guard geteuid() == 0 else { return nil }
    for name in ["postgres", "nobody"] {
      if let entry = getpwnam(name) { return (entry.pointee.pw_uid, entry.pointee.pw_gid) }
    }
    return nil
  }()
}
