// Bare parsing: simdjson's DOM reads an envelope so many times, and the few fields that routing looks at.
//
//   floor-json FILE DOCUMENTS
//
// Prints a JSON object: CPU time in microseconds per document. The parser and its buffers are reused, the input is copied
// into a padded buffer each time, as a request's body would have to be.
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "../clocks.h"

// The sum of the fields' sizes, so that no reading can be left out.
static size_t readFields(simdjson::dom::element document) {
  size_t sum = 0;
  for (auto type : document["messages"].get_object()) {
    simdjson::dom::element event = type.value.get_array().at(0);
    std::string_view company = event["company"]["id"], channel = event["channel"];
    int64_t chat = event["chat"]["id"];
    sum += type.key.size() + company.size() + channel.size() + size_t(chat);
  }
  return sum;
}

int main(int count, char **arguments) {
  if (count != 3) return 64;
  std::ifstream file(arguments[1], std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  long documents = std::atol(arguments[2]);
  simdjson::dom::parser parser;
  std::string buffer(text.size() + simdjson::SIMDJSON_PADDING, '\0');
  size_t sum = 0;
  try {
    double cpu = cpu_seconds();
    for (long n = 0; n < documents; n++) {
      std::memcpy(buffer.data(), text.data(), text.size());
      sum += readFields(parser.parse(reinterpret_cast<const uint8_t *>(buffer.data()), text.size(), false));
    }
    cpu = cpu_seconds() - cpu;
    std::printf(
      "{\"documents\":%ld,\"bytes\":%zu,\"cpu_us\":%.4f,\"sum\":%zu}\n", documents, text.size(), cpu / documents * 1e6, sum);
  } catch (const simdjson::simdjson_error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
