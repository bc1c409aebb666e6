// The members of an object, for the text that nearly every client sends: printable ASCII without escapes, numbers
// without exponents. One pass checks it and finds the members; whatever is not plain is for a parser that knows all of
// JSON.
//
// Holds: what is plain is JSON, and a parser finds the same members with the same values. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace mythos::protocol {

class PlainObject {
public:
    // `text` outlives this.
    explicit PlainObject(std::string_view text);

    // Goes on to the next member. False: there is none, or the text is not plain.
    bool next();

    std::string_view name() const { return name_; }    // without its quotes
    std::string_view value() const { return value_; }  // as it stands in the text
    bool is_text() const { return value_.front() == '"'; }
    // Whether there is white space in the value outside its strings.
    bool is_spaced() const { return spaced_; }

    // After `next` has said false: whether the whole text was read and is plain.
    bool is_whole() const { return whole_; }

private:
    std::string_view text_;
    std::size_t at_ = 0;
    bool begun_ = false;
    bool whole_ = false;
    bool spaced_ = false;
    std::string_view name_;
    std::string_view value_;
};

}  // namespace mythos::protocol
