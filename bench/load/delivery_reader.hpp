// Tells deliveries from everything else and reads a delivery's number and journal position
// without parsing its JSON, so that the load costs less than the server that it measures.
//
// A delivery is a message whose data carries the benchmark's number (see requests.hpp). The
// place of the number, counted from the message's end, is learned from the first delivery and
// only checked from then on. One thread; one reader may serve all connections of a server.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mythos::bench {

class DeliveryReader {
public:
    // The benchmark's number, or nothing where this is not a delivery.
    std::optional<std::uint64_t> number(std::string_view message);

private:
    bool learn(std::string_view message);

    std::size_t digits_from_end_ = 0;
    std::size_t name_from_end_ = 0;
};

// The position in an entry's id `<epoch>-<seq>`; 0 where the message has no such id.
std::uint64_t entry_position(std::string_view message);
// The whole id; empty where there is none.
std::string_view entry_id(std::string_view message);

// What one stream owes: the numbers from `first` on, each once, ascending.
class SequenceCheck {
public:
    void start(std::uint64_t first) { *this = SequenceCheck{}, expected_ = first; }
    void see(std::uint64_t number, std::uint64_t position);
    // Closes the account: everything below `end` should have come by now.
    void finish(std::uint64_t end);

    std::uint64_t expected() const { return expected_; }
    std::uint64_t lost() const { return lost_; }
    std::uint64_t repeated() const { return repeated_; }        // a number that had passed already
    std::uint64_t id_disorder() const { return id_disorder_; }  // an id not above the one before it

private:
    std::uint64_t expected_ = 0;
    std::uint64_t last_position_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t repeated_ = 0;
    std::uint64_t id_disorder_ = 0;
};

}  // namespace mythos::bench
