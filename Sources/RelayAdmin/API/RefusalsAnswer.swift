import RelayCore
import RelayPipeline

/// `GET /api/v1/rejections`: the refused requests, newest first; those that are alike stand as one.
struct RefusalsAnswer: JSONWritable {
  let refusals: [RefusedRequest]

  func write(to output: inout JSONOutput) {
    output.object { $0.field("rejections", refusals) }
  }
}

extension RefusedRequest: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("at", at)
      output.field("first_at", firstAt)
      output.field("count", count)
      output.field("path", path)
      output.field("status", status)
      output.field("code", code)
      output.field("reason", reason)
      output.field("offset", offset)
      output.field("peer", peer)
      output.field("forwarded_for", forwardedFor)
      output.field("agent", userAgent)
      output.field("body_bytes", bodyBytes)
      output.field("body", String(decoding: body, as: UTF8.self))
    }
  }
}
