import Foundation
import NIOSSL
import RelayTestSupport

/// A throwaway authority, and a certificate by it for 127.0.0.1.
struct Certificates: Sendable {
  /// Made once in the process.
  static let shared = Result { try Certificates() }

  /// A PEM file.
  var authorityFile: String { authority.own.certificate }
  /// Another authority, which has issued nothing.
  var strangerFile: String { stranger.own.certificate }
  private let authority: TestAuthority
  private let stranger: TestAuthority
  private let server: TestAuthority.Pair
  /// Of the same authority, valid until yesterday.
  private let expired: TestAuthority.Pair

  init() throws {
    authority = try TestAuthority()
    stranger = try TestAuthority("Stranger")
    server = try authority.issue("server")
    expired = try authority.issueExpired(for: server)
  }

  func contents(_ file: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: file)))
  }

  /// Gives a folder the names by which OpenSSL finds the authorities in it.
  static func rehash(_ folder: String) throws {
    try TestAuthority.rehash(folder)
  }

  /// - Parameter protocols: What the server offers by ALPN.
  func server(protocols: [String] = ["http/1.1"], isExpired: Bool = false) throws -> NIOSSLContext {
    let pair = isExpired ? expired : server
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(pair.certificate).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: pair.key, format: .pem)))
    configuration.applicationProtocols = protocols
    return try NIOSSLContext(configuration: configuration)
  }
}
