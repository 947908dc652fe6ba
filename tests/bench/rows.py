"""All that is measured, in the order in which it is shown."""

import bulk_rows
import latency_rows
import start_rows
import stream_rows

ROWS = (*bulk_rows.ROWS, *latency_rows.ROWS, *stream_rows.ROWS, *start_rows.ROWS)
