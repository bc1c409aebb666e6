#include "protocol/close_info.hpp"

#include "protocol/wire.hpp"

namespace mythos::protocol {

AfterClose after_close(const CloseInfo& info) {
    switch (info.http_status) {
        case 0:
            break;
        case 204:
            return AfterClose::barred;
        case 401:
            return AfterClose::refused;
        case 409:
            return AfterClose::session_replaced;
        default:
            return AfterClose::retry_later;
    }
    switch (static_cast<CloseCode>(info.code)) {
        case CloseCode::session_replaced:
            return AfterClose::session_replaced;
        case CloseCode::displaced:
            return AfterClose::barred;
        case CloseCode::token_expired:
            return AfterClose::refused;
        case CloseCode::policy:
        case CloseCode::server_fault:
        case CloseCode::overloaded:
            return AfterClose::retry_later;
        default:
            return AfterClose::retry_soon;
    }
}

}  // namespace mythos::protocol
