// The bytes of each entry as the first reader saw them: both wires and all clients must
// see the same. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mythos::sim {

class Contents {
public:
    // Compares with what was seen before; a difference is kept in `faults`.
    void saw(const std::string& epoch, std::uint64_t seq, std::string_view json);

    // What else no reader may ever see.
    void fault(std::string what) { faults_.push_back(std::move(what)); }

    // Empty where nobody saw the entry.
    const std::map<std::string, std::vector<std::string>>& seen() const { return seen_; }
    const std::vector<std::string>& faults() const { return faults_; }

private:
    std::map<std::string, std::vector<std::string>> seen_;  // by epoch; index is the seq
    std::vector<std::string> faults_;
};

}  // namespace mythos::sim
