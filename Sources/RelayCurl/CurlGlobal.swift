import CCurl
import CTrust

/// libcurl's process-wide state.
enum CurlGlobal {
  /// Sets libcurl up, once in the process; mention it before the first handle. It is never torn down: threads
  /// that other code owns may still hold handles when `main` returns.
  static let initialize: Void = {
    let status = curl_global_init(Int(CURL_GLOBAL_ALL))
    precondition(status == CURLE_OK, "libcurl can't be set up (error \(status.rawValue))")
    let library = ccurl_version().pointee.ssl_version.map { String(cString: $0) } ?? "none"
    // Both speak of the same objects.
    precondition(
      library.contains("OpenSSL/\(ctrust_openssl_major())."),
      "libcurl must use OpenSSL \(ctrust_openssl_major()), and uses \(library): install libcurl4, or your system's like"
    )
  }()
}
