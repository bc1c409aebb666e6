// What messages to publish say of themselves, read in the one pass that checks their text. Their data is not built: all
// that is asked of it is to be JSON.
//
// Stateless; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mythos::protocol {

struct HeadMember {
    enum class Kind : std::uint8_t { absent, null, text, yes, no, other };
    Kind kind = Kind::absent;
    std::string text;
};

// The last of several members with one name counts, as with other parsers.
struct MessageHead {
    bool is_object = false;
    HeadMember type;
    HeadMember channel;
    HeadMember player;
    HeadMember everyone;
    HeadMember key;
};

struct PublishHeads {
    MessageHead body;  // read as one message
    bool has_messages = false;
    bool is_list = false;   // `messages` is an array
    std::size_t count = 0;  // of its elements
    std::vector<MessageHead> messages;
};

// Keeps the heads of the first `messages_max` elements, so that a long list of nothing cannot take much memory. False:
// not JSON in UTF-8, or nested deeper than `kJsonDepthMax`; `heads` is then half read.
bool read_publish_heads(std::string_view body, std::size_t messages_max, PublishHeads& heads);

}  // namespace mythos::protocol
