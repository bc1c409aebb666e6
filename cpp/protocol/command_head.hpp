// What a command says of itself: its id and type, and where its data stands. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mythos::protocol {

struct CommandHead {
    enum class Kind : std::uint8_t { absent, text, other };
    struct Member {
        Kind kind = Kind::absent;
        std::string text;
    };
    bool is_object = false;
    Member id;  // null counts as absent
    Member type;
    // Where the text was plain, its `data` as it stands there, and whether that is without white space.
    bool was_plain = false;
    std::optional<std::string_view> data;
    bool data_is_compact = false;
};

// Reads the head of a command, or of whatever other JSON it is, into an empty `head`, whose views are of `text`. False:
// not JSON, or nested too deep.
bool read_command_head(std::string_view text, CommandHead& head);

}  // namespace mythos::protocol
