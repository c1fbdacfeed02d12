// Checked wrappers around the tables of plugins, one class for each kind of component: the only callers of plugins (R6).
//
// Each instance is made from a Factory (see Catalog::factory) and a Component of the flow. Whatever comes out of an
// instance keeps it alive, and it keeps its connection alive, so that destruction always goes reader, instance,
// connection. Each method returns what the plugin said after checking it, or an Error whose `where` starts with the
// component's place.
#pragma once

#include "load/auth_instance.hpp"
#include "load/chart_instance.hpp"
#include "load/connection_instance.hpp"
#include "load/sink_instance.hpp"
#include "load/source_instance.hpp"
#include "load/task_instance.hpp"
