#include "stats/faults.hpp"

#include <array>

namespace mythos::stats {
namespace {

struct Row {
    Fault fault;
    std::string_view id;
};

constexpr std::array kRows{
#define MYTHOS_FAULT(counter, type, severity, event, text) \
    Row{{Counter::counter, ErrorType::type, Severity::severity, event, text}, #counter},
#include "stats/faults.def"
#undef MYTHOS_FAULT
};

constexpr auto kFaults = [] {
    std::array<Fault, kRows.size()> faults{};
    for (std::size_t i = 0; i < kRows.size(); ++i) faults[i] = kRows[i].fault;
    return faults;
}();

constexpr std::uint8_t kNone = 0xFF;
static_assert(kRows.size() < kNone);

constexpr auto kRowOf = [] {
    std::array<std::uint8_t, kCounters> rows{};
    rows.fill(kNone);
    for (std::size_t i = 0; i < kRows.size(); ++i)
        rows[static_cast<std::size_t>(kRows[i].fault.counter)] = static_cast<std::uint8_t>(i);
    return rows;
}();

std::uint8_t row_of(Counter counter) { return kRowOf[static_cast<std::size_t>(counter)]; }

}  // namespace

const Fault* fault_of(Counter counter) {
    const std::uint8_t row = row_of(counter);
    return row == kNone ? nullptr : &kFaults[row];
}

std::span<const Fault> all_faults() { return kFaults; }

std::string_view code_of(const Fault& fault) {
    const std::string_view name = name_of(fault.counter);
    const std::size_t value = name.rfind("=\"");  // of the last label, which says why
    if (value == std::string_view::npos) return kRows[row_of(fault.counter)].id;
    return name.substr(value + 2, name.rfind('"') - value - 2);
}

std::string_view error_type(Counter counter) {
    const Fault* fault = fault_of(counter);
    return name_of(fault == nullptr ? ErrorType::system : fault->type);
}

}  // namespace mythos::stats
