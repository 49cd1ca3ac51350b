import CCurl

/// libcurl's process-wide state.
enum CurlGlobal {
  /// Sets libcurl up, once in the process; mention it before the first handle. It is never torn down: threads
  /// that other code owns may still hold handles when `main` returns.
  static let initialize: Void = {
    let status = curl_global_init(Int(CURL_GLOBAL_ALL))
    precondition(status == CURLE_OK, "libcurl can't be set up (error \(status.rawValue))")
  }()
}
