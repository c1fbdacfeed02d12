// DataInterval: the stretch of time that one run of a backfill is about.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace jackfield {

/// From `from` on, up to but without `to`. The flow reads it as ${interval.from} and so on; its name is the slice of every
/// token, so that each interval has progress of its own. Value.
struct DataInterval {
    std::string name;          ///< "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z": both ends in UTC
    std::string from, to;      ///< RFC 3339 in the zone: "2026-01-01T00:00:00+11:00"; "…Z" in UTC
    std::int64_t from_unix = 0; ///< seconds since 1970 UTC
    std::int64_t to_unix = 0;
    std::string timezone = "UTC"; ///< IANA name

    /// What a flow may read: from, to, date ("2026-01-01", of from), year, month, day, hour, from_unix, to_unix, timezone.
    [[nodiscard]] boost::json::object members() const;
    /// "2026-01-01" for one day, "2026-01-01 05:00" for less: for people; in the zone.
    [[nodiscard]] std::string shown() const;

    [[nodiscard]] std::string to_json() const;
    /// JF_E_DATA if the text is no interval that to_json() wrote.
    [[nodiscard]] static Result<DataInterval> from_json(std::string_view text);
};

/// The names of members(), for messages.
[[nodiscard]] std::string_view interval_members();
/// Is this one of them?
[[nodiscard]] bool is_interval_member(std::string_view name);

} // namespace jackfield
