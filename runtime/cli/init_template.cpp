// The texts of a new project.
#include "init_template.hpp"

namespace jackfield::cli {

namespace {

constexpr const char* flow = R"JSON({
  "flow": "orders",
  "description": "Orders from a CSV file into a DuckDB file, and what each region sold",
  "parameters": {
    "data": { "type": "string", "default": "data", "description": "folder with the CSV files" }
  },
  "tasks": {
    "land": {
      "source": { "use": "files", "path": "${data}/orders*.csv", "columns": { "id": "int64", "day": "date", "region": "utf8", "amount": "decimal(12,2)" } },
      "steps": [ { "use": "checks", "not_null": ["id", "region"], "range": { "amount": { "min": 0 } }, "on_failure": "quarantine" } ],
      "sink": { "use": "duckdb", "on": "warehouse", "table": "orders", "mode": "replace" },
      "quarantine": { "use": "files", "path": "quarantine.ndjson", "mode": "append" }
    },
    "sales": {
      "after": ["land"],
      "use": "duckdb.sql", "on": "warehouse",
      "sql": "create or replace table sales as select region, count(*) as orders, sum(amount) as amount from orders group by region order by region"
    },
    "export": {
      "after": ["sales"],
      "source": { "use": "duckdb", "on": "warehouse", "query": "select * from sales order by region" },
      "sink": { "use": "files", "path": "sales.csv", "mode": "replace" }
    }
  }
}
)JSON";

constexpr const char* data = R"CSV(id,day,region,amount
1,2026-03-01,north,120.50
2,2026-03-01,south,75.00
3,2026-03-01,east,19.90
4,2026-03-02,north,240.00
5,2026-03-02,,18.00
6,2026-03-02,south,310.25
7,2026-03-03,west,64.40
8,2026-03-03,east,-5.00
9,2026-03-03,north,99.99
10,2026-03-03,west,12.30
)CSV";

constexpr const char* connections = R"JSON({
  "default": "local",
  "environments": {
    "local": { "connections": { "warehouse": { "use": "duckdb", "path": "warehouse.duckdb" } } }
  }
}
)JSON";

constexpr const char* test = R"JSON({
  "flow": "orders.flow.json",
  "tests": {
    "orders without a region or below zero go to quarantine": {
      "given": {
        "land": [
          { "id": 1, "day": "2026-03-01", "region": "north", "amount": "10.00" },
          { "id": 2, "day": "2026-03-01", "region": null, "amount": "10.00" },
          { "id": 3, "day": "2026-03-01", "region": "south", "amount": "-1.00" }
        ]
      },
      "types": { "land": { "day": "date", "amount": "decimal(12,2)" } },
      "expect": {
        "land": [ { "id": 1, "region": "north" } ],
        "land.quarantine": [ { "column": "region" }, { "column": "amount" } ]
      }
    }
  }
}
)JSON";

constexpr const char* readme = R"MD(# orders

| file | what it is |
|---|---|
| `orders.flow.json` | the flow: read, check, aggregate, export |
| `data/orders.csv` | ten orders, two of them wrong |
| `connections.json` | where the data goes, by environment (`--env`) |
| `orders.test.json` | rows in, rows expected: `jackfield test orders.flow.json` |

```
jackfield check orders.flow.json     every fault, with its place
jackfield plan orders.flow.json      what a run would do, and what it guarantees
jackfield run orders.flow.json       sales.csv, warehouse.duckdb and quarantine.ndjson
jackfield test orders.flow.json      the tests beside the flow
jackfield runs list                  what was run
```
)MD";

constexpr const char* ignore = R"(/warehouse.duckdb
/warehouse.duckdb.wal
/quarantine.ndjson*
/sales.csv*
)";

} // namespace

std::vector<ProjectFile> first_project()
{
    return {{"orders.flow.json", flow}, {"data/orders.csv", data}, {"connections.json", connections}, {"orders.test.json", test}, {"README.md", readme},
        {".gitignore", ignore}};
}

} // namespace jackfield::cli
