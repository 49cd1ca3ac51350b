import RelayCore
import Testing

@testable import RelayPostgres

@Suite("Parameters", .timeLimit(.minutes(15)))
struct ParametersTests {
  private func bytes(_ parameters: Parameters) -> [[UInt8]?] {
    parameters.withPointers { values, lengths, formats in
      parameters.types.indices.map { index in
        #expect(formats[index] == 1)
        return values[index].map { value in
          Array(UnsafeRawBufferPointer(start: value, count: Int(lengths[index])))
        }
      }
    }
  }

  @Test func eachValueHasItsBinaryForm() {
    var parameters = Parameters()
    parameters.add(-2 as Int64)
    parameters.add(258 as Int32)
    parameters.add(-1 as Int16)
    parameters.add(true)
    parameters.add("né")
    parameters.add([7, 0, 9] as [UInt8])
    parameters.add(EventID(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10))
    parameters.add(Timestamp(microseconds: 1))
    parameters.add(DeliveryID(rawValue: 2))
    parameters.add(nil as String?)
    parameters.add("")
    #expect(
      parameters.types == [.int8, .int4, .int2, .bool, .text, .bytea, .uuid, .int8, .int8, .text, .text])
    #expect(
      bytes(parameters) == [
        [255, 255, 255, 255, 255, 255, 255, 254], [0, 0, 1, 2], [255, 255], [1], [0x6E, 0xC3, 0xA9],
        [7, 0, 9],
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], [0, 0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 0, 2], nil, [],
      ])
  }

  @Test func anArraySaysItsElementsAndTheirNulls() {
    var parameters = Parameters()
    parameters.add(array: [5, nil] as [Int16?])
    parameters.add(array: [] as [String])
    #expect(parameters.types == [.int2Array, .textArray])
    #expect(
      bytes(parameters) == [
        [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 21, 0, 0, 0, 2, 0, 0, 0, 1]
          + [0, 0, 0, 2, 0, 5, 255, 255, 255, 255],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25],
      ])
  }

  @Test func aCopyIsAValueOfItsOwn() {
    var one = Parameters()
    one.add(1 as Int16)
    var other = one
    other.add(2 as Int16)
    one.add(array: [3] as [Int16])
    #expect(bytes(other) == [[0, 1], [0, 2]])
    #expect(bytes(one).first == [0, 1])
    #expect(bytes(one).last??.last == 3)
  }

  @Test func aBufferGrowsWithItsValues() {
    var parameters = Parameters(capacity: 0)
    let bodies = (0..<100).map { [UInt8](repeating: UInt8($0), count: $0 * 10) }
    for body in bodies { parameters.add(body) }
    #expect(bytes(parameters) == bodies)
  }
}
