import CCurl
import CTrust
import Glibc
import RelayCore

/// What libcurl tells of one certificate: a list of lines, one of which holds all of it as text.
enum CertificateText {
  static func read(_ lines: UnsafeMutablePointer<curl_slist>?) -> ProbeReport.Certificate? {
    var line = lines
    while let current = line {
      if strncmp(current.pointee.data, "Cert:", 5) == 0 { return certificate(current.pointee.data + 5) }
      line = current.pointee.next
    }
    return nil
  }

  private static func certificate(_ pem: UnsafePointer<CChar>) -> ProbeReport.Certificate? {
    var subject = [CChar](repeating: 0, count: 256)
    var end: Int64 = 0
    guard ctrust_read_certificate(pem, &subject, &end) != 0 else { return nil }
    let name = String(decoding: subject.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return ProbeReport.Certificate(
      subject: name, end: Timestamp(microseconds: end * 1_000_000), chainLength: 1)
  }
}
