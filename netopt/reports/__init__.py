"""Reports: what runs say, as HTML, workbook, Parquet and Markdown; one file per format."""
