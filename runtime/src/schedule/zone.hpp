// Zone: local time and instants, by the rules of a time zone.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::schedule {

/// Seconds since 1970-01-01T00:00:00: `Local` as the clock on the wall shows it, `Instant` in UTC.
using Local = std::int64_t;
using Instant = std::int64_t;

/// A time zone of the IANA database of this machine. Value. Any thread.
class Zone {
public:
    /// JF_E_CONFIG: there is no such zone, with one that may be meant; JF_E_NOT_FOUND: this machine has no database.
    [[nodiscard]] static Result<Zone> find(std::string_view name);

    [[nodiscard]] const std::string& name() const { return name_; }
    /// When the wall shows this time. Twice where the clock is set back, the earlier first; where it is set forward over
    /// this time, the moment at which it is. Never empty.
    [[nodiscard]] std::vector<Instant> instants(Local local) const;
    [[nodiscard]] Local local(Instant instant) const;
    /// "2026-01-01T00:00:00+11:00", "…Z" where the offset is zero.
    [[nodiscard]] std::string text(Instant instant) const;
    /// "2026-01-31", "2026-01-31T05:00", with seconds, with 'Z' or an offset; without one in this zone. JF_E_CONFIG.
    [[nodiscard]] Result<Instant> parse(std::string_view text) const;

private:
    Zone(std::string name, const void* zone) : name_(std::move(name)), zone_(zone) {}

    std::string name_;
    const void* zone_; // of the library's database, which is never given back
};

/// The date of a count of days since 1970-01-01, and back.
struct Date {
    std::int64_t year = 1970;
    unsigned month = 1, day = 1;
};
[[nodiscard]] Date date_of(std::int64_t days);
[[nodiscard]] std::int64_t days_of(const Date& date);

} // namespace jackfield::schedule
