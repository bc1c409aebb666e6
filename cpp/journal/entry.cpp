#include "journal/entry.hpp"

#include <cstdio>
#include <cstring>

#include "protocol/ws_frame.hpp"

namespace mythos::journal {
namespace {

// Wall time as epoch seconds with milliseconds, as every `ts` on the wire.
std::size_t write_ts(char* out, WallTime ts) {
    const std::int64_t ms = ts.ns / 1'000'000;
    return static_cast<std::size_t>(
        std::snprintf(out, 32, "%lld.%03lld", static_cast<long long>(ms / 1000), static_cast<long long>(ms % 1000)));
}

struct Piece {
    std::string id;
    char ts[32];
    std::size_t ts_size = 0;
    std::size_t json_size = 0;
    protocol::WsHeaderBytes ws_header;
};

constexpr std::string_view kIdOpen = R"({"id":")";
constexpr std::string_view kIdClose = R"(",)";
constexpr std::string_view kTs = R"(,"ts":)";
constexpr std::string_view kData = R"(,"data":)";
constexpr std::string_view kSseId = "id: ";
constexpr std::string_view kSseData = "\ndata: ";
constexpr std::string_view kSseEnd = "\n\n";

Piece measure(std::string id, const Record& record) {
    Piece p;
    p.id = std::move(id);
    p.ts_size = write_ts(p.ts, record.ts);
    p.json_size = kIdOpen.size() + p.id.size() + kIdClose.size() + record.head.size() + kTs.size() + p.ts_size +
                  kData.size() + record.data.size() + 1;
    p.ws_header = protocol::encode_ws_header(
        {.opcode = protocol::WsOpcode::text, .fin = true, .rsv1 = false, .payload_bytes = p.json_size, .mask = {}});
    return p;
}

char* put(char* at, std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    return at + text.size();
}

char* put_json(char* at, const Piece& p, const Record& record) {
    at = put(put(put(at, kIdOpen), p.id), kIdClose);
    at = put(put(put(at, record.head), kTs), {p.ts, p.ts_size});
    at = put(put(at, kData), record.data);
    *at++ = '}';
    return at;
}

std::size_t sse_size(const Piece& p) {
    return kSseId.size() + p.id.size() + kSseData.size() + p.json_size + kSseEnd.size();
}

}  // namespace

MessageEntry::~MessageEntry() {
    delete deflated_.load(std::memory_order_relaxed);
    if (block_ != nullptr && block_->entries.fetch_sub(1, std::memory_order_acq_rel) == 1) delete block_;
}

void Entry::release() const {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if (kind == Kind::message) {
        delete &message();
    } else {
        delete this;
    }
}

std::size_t Entry::footprint() const {
    if (kind != Kind::message) return sizeof(Entry);
    return sizeof(MessageEntry) + message().ws_size_ + message().sse_size_ + message().key_size_;
}

std::vector<Entry*> make_entries(std::string_view epoch, Seq first, MonoTime appended, std::vector<Draft> drafts) {
    std::vector<Piece> pieces(drafts.size());
    std::size_t ws_total = 0;
    std::size_t sse_total = 0;
    std::size_t key_total = 0;
    std::uint32_t messages = 0;
    for (std::size_t i = 0; i < drafts.size(); ++i) {
        if (drafts[i].record.kind != Kind::message) continue;
        pieces[i] = measure(format_cursor(epoch, first + i), drafts[i].record);
        ws_total += pieces[i].ws_header.size + pieces[i].json_size;
        sse_total += sse_size(pieces[i]);
        key_total += drafts[i].record.key.size();
        ++messages;
    }
    Block* block = nullptr;
    char* ws = nullptr;
    char* sse = nullptr;
    char* key = nullptr;
    if (messages > 0) {
        block = new Block;
        block->entries.store(messages, std::memory_order_relaxed);
        block->bytes = std::make_unique_for_overwrite<char[]>(ws_total + sse_total + key_total);
        ws = block->bytes.get();
        sse = ws + ws_total;
        key = sse + sse_total;
    }
    std::vector<Entry*> entries;
    entries.reserve(drafts.size());
    for (std::size_t i = 0; i < drafts.size(); ++i) {
        auto& draft = drafts[i];
        MessageEntry* const message = draft.record.kind == Kind::message ? new MessageEntry : nullptr;
        Entry* const entry = message != nullptr ? message : new Entry;
        entry->seq = first + i;
        entry->target = draft.target;
        entry->ordinal = draft.ordinal;
        entry->session = draft.session;
        entry->appended = appended;
        entry->kind = draft.record.kind;
        if (message != nullptr) {
            const Piece& p = pieces[i];
            message->block_ = block;
            message->ws_ = ws;
            message->json_offset_ = p.ws_header.size;
            char* const json = put(ws, p.ws_header.view());
            ws = put_json(json, p, draft.record);
            message->ws_size_ = static_cast<std::uint32_t>(ws - message->ws_);
            message->sse_ = sse;
            sse = put(put(put(sse, kSseId), p.id), kSseData);
            sse = put(put(sse, {json, p.json_size}), kSseEnd);
            message->sse_size_ = static_cast<std::uint32_t>(sse - message->sse_);
            message->key_ = key;
            message->key_size_ = static_cast<std::uint32_t>(draft.record.key.size());
            key = put(key, draft.record.key);
        }
        entry->replaced = draft.record.kind == Kind::session_ended && draft.record.head == kReplaced;
        entries.push_back(entry);
    }
    return entries;
}

std::string message_json(std::string_view id, const Record& record) {
    const Piece p = measure(std::string(id), record);
    std::string out(p.json_size, '\0');
    put_json(out.data(), p, record);
    return out;
}

}  // namespace mythos::journal
