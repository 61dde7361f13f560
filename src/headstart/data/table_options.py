"""What a user says of a table, where there is none."""

from headstart.data.columns import TableOptions
from headstart.errors import DataError


def refuse_table_options(table: TableOptions) -> None:
    """Refuse columns where there is no table; raises DataError."""
    if table.group_by:
        raise DataError("data.no_group_column", name=table.group_by)
    given = next(filter(None, (table.path_column, table.label_column, table.text_column, table.folder)), "")
    if given:
        raise DataError("data.no_table_here", name=given)
