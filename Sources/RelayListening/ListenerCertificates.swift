import NIOCore
import NIOSSL
import RelayCore
import RelaySystem
import RelayThreads

/// What one listener speaks TLS with (1.2 and 1.3). Made anew when its files change, for connections from then on: those that are open stay as
/// they are.
package final class ListenerCertificates: Sendable {
  /// What was made of files.
  package struct Made: Sendable {
    fileprivate let tls: ListenerTLS
    fileprivate let context: NIOSSLContext
    /// The files that it was made of.
    fileprivate let files: [FileVersion?]
    /// Others since then that are of no use, and of which that was told.
    fileprivate var refused: [FileVersion?]?
  }

  package let listener: SecuredListener
  private let current: Locked<Made?>

  /// - Parameters:
  ///   - made: nil: plain HTTP.
  ///   - listener: Whose it is.
  package init(_ made: Made? = nil, of listener: SecuredListener = .ingest) {
    self.listener = listener
    current = Locked(made)
  }

  /// Reads the files.
  package static func make(_ tls: ListenerTLS) throws(CertificateError) -> Made {
    // Looked at before they are read: a change in between is found by the next look.
    let files = tls.marks
    return Made(tls: tls, context: try context(tls), files: files)
  }

  /// For connections from now on.
  ///
  /// - Parameter made: nil: plain HTTP.
  /// - Returns: What it was before.
  @discardableResult
  package func replace(by made: Made?) -> Made? {
    current.withLock { current in
      defer { current = made }
      return current
    }
  }

  /// Whether it speaks TLS at all.
  package var isOfFiles: Bool { current.withLock { $0 != nil } }

  /// Makes it anew where the files are others than those that it was made of.
  ///
  /// - Returns: Whether they were; nil: they are the same.
  @Sendable package func lookAgain() -> Result<Void, CertificateError>? {
    guard let now = current.withLock({ $0 }) else { return nil }
    let files = now.tls.marks
    guard files != now.files, files != now.refused else { return nil }
    do throws(CertificateError) {
      let made = try Self.make(now.tls)
      current.withLock { if $0?.tls == made.tls { $0 = made } }
      return .success(())
    } catch {
      // A key that is replaced after its certificate: the next look finds both.
      current.withLock { if $0?.tls == now.tls { $0?.refused = files } }
      return .failure(error)
    }
  }

  /// The first handler of a connection; nil: it speaks plain HTTP.
  package func makeHandler() -> (any ChannelHandler)? {
    current.withLock { $0?.context }.map { NIOSSLServerHandler(context: $0) }
  }

  /// What is wrong with these files; nil: nothing.
  @Sendable package static func problem(of tls: ListenerTLS) -> String? {
    do throws(CertificateError) {
      _ = try make(tls)
      return nil
    } catch {
      return error.description
    }
  }

  private static func context(_ tls: ListenerTLS) throws(CertificateError) -> NIOSSLContext {
    let chain = try certificates(tls.certificate)
    let key: NIOSSLPrivateKey
    do {
      key = try NIOSSLPrivateKey(file: tls.key, format: .pem)
    } catch {
      throw CertificateError("key: \(tls.key) holds no private key that can be read without a passphrase")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.cipherSuiteValues = suites
    configuration.applicationProtocols = ["http/1.1"]
    // How long a connection that the relay closes outlives that: its client's farewell does not end it, and it has no place any more.
    configuration.shutdownTimeout = .milliseconds(200)
    if let authority = tls.clientAuthority {
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .certificates(try certificates(authority))
    }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw CertificateError(
        "key: \(tls.key) is not the key of the first certificate in \(tls.certificate)")
    }
  }

  private static func certificates(_ path: String) throws(CertificateError) -> [NIOSSLCertificate] {
    do {
      return try NIOSSLCertificate.fromPEMFile(path)
    } catch {
      throw CertificateError("\(path) holds no certificate that can be read; it must be PEM")
    }
  }

  /// Of TLS 1.2: those whose keys nobody can find later, with authenticated encryption. TLS 1.3 has no others.
  private static let suites: [NIOTLSCipher] = [
    .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
  ]
}

extension ListenerTLS {
  fileprivate var marks: [FileVersion?] {
    [certificate, key, clientAuthority].map { $0.flatMap { FileVersion(path: $0) } }
  }
}
