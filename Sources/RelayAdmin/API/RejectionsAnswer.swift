import RelayCore
import RelayPipeline

/// `GET /api/v1/rejections`: newest first.
struct RejectionsAnswer: JSONWritable {
  let rejections: [Rejection]

  func write(to output: inout JSONOutput) {
    output.object { $0.field("rejections", rejections) }
  }
}

extension Rejection: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("at", at)
      output.field("path", path)
      output.field("status", status)
      output.field("code", code)
      output.field("reason", reason)
      output.field("body_bytes", bodyBytes)
      output.field("body", String(decoding: body, as: UTF8.self))
    }
  }
}
