{{ job_metrics('month_key', 'month_key') }}
