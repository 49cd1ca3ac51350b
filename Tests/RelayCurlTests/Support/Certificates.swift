import Foundation
import NIOSSL
import RelayHarness

/// A throwaway authority, and a certificate by it for 127.0.0.1.
struct Certificates: Sendable {
  /// Made once in the process.
  static let shared = Result { try Certificates() }

  /// A PEM file.
  let authorityFile: String
  /// Another authority, which has issued nothing.
  let strangerFile: String
  private let certificate: String
  private let key: String
  /// Of the same authority, valid until yesterday.
  private let expired: String
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    authorityFile = "\(folder.path)/authority.pem"
    let authorityKey = "\(folder.path)/authority.key"
    certificate = "\(folder.path)/server.pem"
    key = "\(folder.path)/server.key"
    strangerFile = "\(folder.path)/stranger.pem"
    expired = "\(folder.path)/expired.pem"
    try Self.request(
      "/CN=Test authority", to: authorityFile, key: authorityKey,
      "-addext", "basicConstraints=critical,CA:TRUE")
    try Self.request(
      "/CN=Test server", to: certificate, key: key, "-CA", authorityFile, "-CAkey", authorityKey,
      "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE")
    try Self.request(
      "/CN=Stranger", to: strangerFile, key: "\(folder.path)/stranger.key",
      "-addext", "basicConstraints=critical,CA:TRUE")
    let request = "\(folder.path)/server.csr"
    let extensions = "\(folder.path)/extensions"
    try "subjectAltName=IP:127.0.0.1\n".write(toFile: extensions, atomically: true, encoding: .utf8)
    try Self.openssl("req", "-new", "-key", key, "-subj", "/CN=Old server", "-out", request)
    try Self.openssl(
      "x509", "-req", "-in", request, "-CA", authorityFile, "-CAkey", authorityKey, "-days", "-1",
      "-extfile", extensions, "-out", expired)
  }

  func contents(_ file: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: file)))
  }

  /// Gives a folder the names by which OpenSSL finds the authorities in it.
  static func rehash(_ folder: String) throws {
    try openssl("rehash", folder)
  }

  /// - Parameter protocols: What the server offers by ALPN.
  func server(protocols: [String] = ["http/1.1"], isExpired: Bool = false) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(isExpired ? expired : certificate).map {
        .certificate($0)
      },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
    configuration.applicationProtocols = protocols
    return try NIOSSLContext(configuration: configuration)
  }

  private static func request(
    _ subject: String, to file: String, key: String, _ more: String...
  ) throws {
    try openssl(
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", subject, "-keyout", key, "-out", file,
      ] + more)
  }

  private static func openssl(_ arguments: String...) throws {
    try openssl(arguments)
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

  struct Failure: Error {
    var status: Int32
  }
}
