{{ job_metrics('date_key', 'date_key') }}
