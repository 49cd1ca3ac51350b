import Foundation
import RelayHarness

/// A throwaway authority and what it issues: PEM files in a folder of its own, which goes with it.
package struct TestAuthority: Sendable {
  /// A certificate's file, and its key's.
  package struct Pair: Sendable {
    package var certificate: String
    package var key: String
  }

  package struct Failure: Error {
    package var status: Int32
  }

  package let folder: TemporaryFolder
  package let own: Pair

  package init(_ name: String = "Test authority") throws {
    folder = try TemporaryFolder()
    own = Pair(certificate: "\(folder.path)/authority.pem", key: "\(folder.path)/authority.key")
    try Self.request(name, to: own, "-addext", "basicConstraints=critical,CA:TRUE")
  }

  /// A certificate for 127.0.0.1.
  ///
  /// - Parameter name: The subject, and how the files are called.
  package func issue(_ name: String) throws -> Pair {
    let pair = Pair(certificate: "\(folder.path)/\(name).pem", key: "\(folder.path)/\(name).key")
    try Self.request(
      name, to: pair, "-CA", own.certificate, "-CAkey", own.key, "-addext", "subjectAltName=IP:127.0.0.1",
      "-addext", "basicConstraints=CA:FALSE")
    return pair
  }

  /// The same key behind a passphrase: in PKCS #8, or in the older form of its own kind.
  package func encrypted(_ pair: Pair, isTraditional: Bool = false) throws -> Pair {
    let key = "\(folder.path)/encrypted-\(isTraditional).key"
    let command = isTraditional ? ["ec", "-aes256"] : ["pkcs8", "-topk8"]
    try Self.openssl(command + ["-in", pair.key, "-out", key, "-passout", "pass:hunter2"])
    return Pair(certificate: pair.certificate, key: key)
  }

  /// Another certificate for the same key, which was valid until yesterday.
  package func issueExpired(for pair: Pair) throws -> Pair {
    let (request, extensions) = ("\(folder.path)/expired.csr", "\(folder.path)/extensions")
    let expired = Pair(certificate: "\(folder.path)/expired.pem", key: pair.key)
    try "subjectAltName=IP:127.0.0.1\n".write(toFile: extensions, atomically: true, encoding: .utf8)
    try Self.openssl(["req", "-new", "-key", pair.key, "-subj", "/CN=Expired", "-out", request])
    try Self.openssl([
      "x509", "-req", "-in", request, "-CA", own.certificate, "-CAkey", own.key, "-days", "-1", "-extfile",
      extensions, "-out", expired.certificate,
    ])
    return expired
  }

  /// Gives a folder the names by which OpenSSL finds the authorities in it.
  package static func rehash(_ folder: String) throws {
    try openssl(["rehash", folder])
  }

  private static func request(_ name: String, to pair: Pair, _ more: String...) throws {
    try openssl(
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=\(name)", "-keyout", pair.key, "-out", pair.certificate,
      ] + more)
  }

  private static func openssl(_ arguments: [String]) throws {
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments = ["openssl"] + arguments
    openssl.standardOutput = FileHandle.nullDevice
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    guard openssl.terminationStatus == 0 else { throw Failure(status: openssl.terminationStatus) }
  }
}
