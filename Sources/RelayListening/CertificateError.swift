/// Why a listener can't use its files: a sentence that names the file, without anything that stands in it.
package struct CertificateError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
