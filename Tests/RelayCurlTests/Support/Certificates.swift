import Foundation
import NIOSSL
import RelayHarness

/// A throwaway authority, and a certificate by it for 127.0.0.1.
struct Certificates: Sendable {
  /// Made once in the process.
  static let shared = Result { try Certificates() }

  /// A PEM file.
  let authorityFile: String
  private let certificate: String
  private let key: String
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    authorityFile = "\(folder.path)/authority.pem"
    let authorityKey = "\(folder.path)/authority.key"
    certificate = "\(folder.path)/server.pem"
    key = "\(folder.path)/server.key"
    try Self.request(
      "/CN=Test authority", to: authorityFile, key: authorityKey,
      "-addext", "basicConstraints=critical,CA:TRUE")
    try Self.request(
      "/CN=Test server", to: certificate, key: key, "-CA", authorityFile, "-CAkey", authorityKey,
      "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE")
  }

  /// - Parameter protocols: What the server offers by ALPN.
  func server(protocols: [String] = ["http/1.1"]) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
    configuration.applicationProtocols = protocols
    return try NIOSSLContext(configuration: configuration)
  }

  private static func request(
    _ subject: String, to file: String, key: String, _ more: String...
  ) throws {
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments =
      [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
        "2",
        "-subj", subject, "-keyout", key, "-out", file,
      ] + more
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    guard openssl.terminationStatus == 0 else { throw Failure(status: openssl.terminationStatus) }
  }

  struct Failure: Error {
    var status: Int32
  }
}
